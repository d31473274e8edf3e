# 信号、退出码与单元结果的含义。
explain-exit = 退出码 { $code }
explain-exit-unknown = 就 aiops 所知，没有任何约定为退出码 { $code } 赋予含义：由程序自定，请查其手册或日志。
explain-signal = 信号 { $number }，{ $name }
explain-code = { $name }（si_code { $number }）
explain-code-of = { $name }（{ $signal } 的 si_code { $number }）
explain-result = 单元结果 { $name }
explain-default = 程序未处理时：{ $action }。
explain-shell-code = shell 以退出码 { $code } 表示。
explain-reasons = 内核发送它的原因：
explain-nothing = `{ $code }` 不是退出码、信号或单元结果
explain-nothing-hint = 例如 137、SIGSEGV、203/EXEC、11/SEGV、SEGV_MAPERR、core-dump、oom-cgroup、port-in-use

origin-libc = 通用
origin-shell = shell
origin-systemd = systemd
origin-sysexits = sysexits.h
origin-lsb = init 脚本
origin-go = Go
origin-java = Java
origin-python = Python
origin-rust = Rust
origin-timeout = timeout(1)

action-terminate = 进程终止
action-core-dump = 进程终止，并在允许时留下核心转储
action-ignore = 无任何影响
action-stop = 进程暂停，直到收到 SIGCONT
action-continue = 已暂停的进程继续运行

signal-hup = 终端已关闭；许多守护进程把它当作重新读取配置的命令。
signal-int = 有人按了 Ctrl-C，或有程序要求它停止。
signal-quit = 有人按了 Ctrl-\ 或要求核心转储；Java 会打印线程堆栈并继续运行。
signal-ill = 处理器不认识某条指令：为其他 CPU 编译、代码损坏，或编译器有意设置的陷阱。
signal-trap = 断点或有意的陷阱（调试器，Chromium、Rust、Swift 的断言）。
signal-abrt = 程序自行放弃：abort()、断言失败、堆损坏、未捕获的 C++ 异常；看门狗超时后 systemd 也会发送它。
signal-bus = 内存存在但无法读取：映射的文件变短、磁盘故障，或地址未对齐。
signal-fpe = 没有结果的算术运算，几乎总是整数除以零。
signal-kill = 被强行杀死，来不及反应：由内核的 OOM killer、停止超时后的 systemd，或某人发出。
signal-usr1 = 含义由程序自定；未处理它的程序会因此终止。
signal-segv = 使用了不允许使用的地址：空指针、已释放的内存、栈溢出。
signal-usr2 = 含义由程序自定；未处理它的程序会因此终止。
signal-pipe = 程序向已无人读取的管道或连接写入数据。
signal-alrm = 程序用 alarm() 设置的定时器到时。
signal-term = 有人要求它正常结束：systemctl stop、kill 或容器引擎。
signal-stkflt = Linux 不使用。
signal-chld = 某个子进程结束或暂停。
signal-cont = 暂停后继续运行。
signal-stop = 被暂停；无法拒绝。
signal-tstp = 被 Ctrl-Z 暂停。
signal-ttin = 已暂停：后台运行时试图读取终端。
signal-ttou = 已暂停：后台运行时试图写入终端。
signal-urg = 连接上有紧急数据；Go 运行时用它切换 goroutine。
signal-xcpu = CPU 时间超过上限（ulimit -t、LimitCPU=）。
signal-xfsz = 写入的文件超过大小上限（ulimit -f、LimitFSIZE=）。
signal-vtalrm = 程序设置的 CPU 时间定时器到时。
signal-prof = 性能剖析器的定时器；未处理它的程序会因此终止。
signal-winch = 终端大小已改变。
signal-io = 文件或连接已就绪。
signal-pwr = 即将断电。
signal-sys = 系统调用不存在或不被允许：多为 seccomp 过滤器（SystemCallFilter=、容器的配置）。
signal-realtime = 实时信号：含义由程序自定；未处理它的程序会因此终止。

si-code-ill_illopc = 未知指令
si-code-ill_illopn = 指令的操作数不被允许
si-code-ill_illadr = 指令的地址不被允许
si-code-ill_illtrp = 不被允许的陷阱
si-code-ill_prvopc = 仅内核可用的指令
si-code-ill_prvreg = 仅内核可用的寄存器
si-code-ill_coproc = 协处理器错误
si-code-ill_badstk = 内部栈错误
si-code-trap_brkpt = 断点，或编译器设置的陷阱
si-code-trap_trace = 调试器单步执行
si-code-trap_branch = 跟踪分支时遇到分支
si-code-trap_hwbkpt = 硬件断点或观察点
si-code-bus_adraln = 地址未按要求对齐
si-code-bus_adrerr = 地址背后没有内存：映射的文件变短，或其磁盘无法读取
si-code-bus_objerr = 地址背后的硬件出错
si-code-bus_mceerr_ar = 程序遇到内存条错误
si-code-bus_mceerr_ao = 在别处发现内存条错误
si-code-fpe_intdiv = 整数除以零
si-code-fpe_intovf = 整数溢出
si-code-fpe_fltdiv = 浮点数除以零
si-code-fpe_fltovf = 浮点上溢
si-code-fpe_fltund = 浮点下溢
si-code-fpe_fltres = 浮点结果不精确
si-code-fpe_fltinv = 无效的浮点运算
si-code-fpe_fltsub = 下标越界
si-code-segv_maperr = 该地址没有映射任何内容
si-code-segv_accerr = 内存存在，但不允许这样访问（写常量、执行数据）
si-code-segv_bnderr = 边界检查失败
si-code-segv_pkuerr = 内存保护键禁止访问
si-code-segv_mteserr = 地址标签不匹配（已释放的内存、溢出）
si-code-sys_seccomp = seccomp 过滤器禁止该系统调用
si-code-si_user = 由某个进程发送（kill）
si-code-si_kernel = 由内核发送，未给出地址
si-code-si_queue = 由某个进程发送（sigqueue）
si-code-si_timer = 进程的定时器到时
si-code-si_tkill = 由线程发送，多为进程自身（abort、raise）

exit-libc-success = 成功。
exit-libc-failure = 失败；仅此而已，请查看日志。
exit-shell-signal = shell 运行的程序被 { $signal } 终止（128 + { $number }）。
exit-shell-not_executable = 找到了命令但无法执行：没有权限、是目录，或是其他 CPU 的文件。
exit-shell-not_found = 找不到命令：拼写错误、未安装，或不在 PATH 中。
exit-lsb-invalidargument = 参数无效或过多。
exit-lsb-notimplemented = 未实现。
exit-lsb-nopermission = 没有权限。
exit-lsb-notinstalled = 程序未安装。
exit-lsb-notconfigured = 程序未配置。
exit-lsb-notrunning = 程序未运行。
exit-sysexits-usage = 命令行错误。
exit-sysexits-dataerr = 输入数据错误。
exit-sysexits-noinput = 输入文件缺失或无法读取。
exit-sysexits-nouser = 没有该用户。
exit-sysexits-nohost = 没有该主机。
exit-sysexits-unavailable = 所需服务不可用。
exit-sysexits-software = 程序内部错误。
exit-sysexits-oserr = 系统拒绝了某项操作（fork、pipe）。
exit-sysexits-osfile = 某个系统文件缺失或错误。
exit-sysexits-cantcreat = 无法创建输出文件。
exit-sysexits-ioerr = 读写文件出错。
exit-sysexits-tempfail = 暂时失败；稍后重试可能成功。
exit-sysexits-protocol = 对方没有遵守协议。
exit-sysexits-noperm = 没有权限。
exit-sysexits-config = 配置错误。
exit-systemd-chdir = systemd 无法切换到 WorkingDirectory=。
exit-systemd-nice = systemd 无法设置 Nice=。
exit-systemd-fds = systemd 无法关闭或传递文件描述符。
exit-systemd-exec = systemd 无法执行 ExecStart= 的程序：程序缺失、不可执行，或其解释器缺失。
exit-systemd-memory = 内存不足，systemd 无法启动程序。
exit-systemd-limits = systemd 无法设置资源上限（Limit*=）。
exit-systemd-oom_adjust = systemd 无法设置 OOMScoreAdjust=。
exit-systemd-signal_mask = systemd 无法设置信号掩码。
exit-systemd-stdin = systemd 无法设置 StandardInput=。
exit-systemd-stdout = systemd 无法设置 StandardOutput=。
exit-systemd-chroot = systemd 无法切换根目录（RootDirectory=）。
exit-systemd-ioprio = systemd 无法设置 I/O 优先级（IOScheduling*=）。
exit-systemd-timerslack = systemd 无法设置 TimerSlackNSec=。
exit-systemd-securebits = systemd 无法设置 SecureBits=。
exit-systemd-setscheduler = systemd 无法设置 CPUScheduling*=。
exit-systemd-cpuaffinity = systemd 无法设置 CPUAffinity=。
exit-systemd-group = systemd 不认识该组，或无法切换到该组（Group=）。
exit-systemd-user = systemd 不认识该用户，或无法切换到该用户（User=）。
exit-systemd-capabilities = systemd 无法设置能力（AmbientCapabilities=、CapabilityBoundingSet=）。
exit-systemd-cgroup = systemd 无法设置控制组。
exit-systemd-setsid = systemd 无法创建会话。
exit-systemd-confirm = 启动未获确认（systemd.confirm_spawn=）。
exit-systemd-stderr = systemd 无法设置 StandardError=。
exit-systemd-pam = systemd 无法打开 PAM 会话（PAMName=）。
exit-systemd-network = systemd 无法设置网络命名空间（PrivateNetwork=）。
exit-systemd-namespace = systemd 无法设置文件沙箱（ReadWritePaths=、PrivateTmp=、BindPaths=）：往往是某个路径不存在。
exit-systemd-no_new_privileges = systemd 无法设置 NoNewPrivileges=。
exit-systemd-seccomp = systemd 无法设置 SystemCallFilter= 或其他 seccomp 过滤器。
exit-systemd-selinux_context = systemd 无法设置 SELinuxContext=。
exit-systemd-personality = systemd 无法设置 Personality=。
exit-systemd-apparmor = systemd 无法设置 AppArmorProfile=。
exit-systemd-address_families = systemd 无法设置 RestrictAddressFamilies=。
exit-systemd-runtime_directory = systemd 无法设置 RuntimeDirectory=。
exit-systemd-chown = systemd 无法设置套接字的属主。
exit-systemd-smack_process_label = systemd 无法设置 SmackProcessLabel=。
exit-systemd-keyring = systemd 无法设置内核密钥环。
exit-systemd-state_directory = systemd 无法设置 StateDirectory=。
exit-systemd-cache_directory = systemd 无法设置 CacheDirectory=。
exit-systemd-logs_directory = systemd 无法设置 LogsDirectory=。
exit-systemd-configuration_directory = systemd 无法设置 ConfigurationDirectory=。
exit-systemd-numa_policy = systemd 无法设置 NUMAPolicy=。
exit-systemd-credentials = systemd 无法设置 LoadCredential= 或 SetCredential=。
exit-systemd-bpf = systemd 无法应用 BPF 限制（RestrictFileSystems=）。
exit-systemd-exception = 按约定表示异常情况；exit(-1) 也会变成它。
exit-go-panic = 未被恢复的 panic，或运行时的致命错误。
exit-java-exception = 未捕获的异常，或 JVM 无法启动。
exit-java-out_of_memory = 内存耗尽（使用 -XX:+ExitOnOutOfMemoryError 时）。
exit-python-exception = 未捕获的异常。
exit-python-usage = 命令行错误（解释器、argparse）。
exit-python-flush = 结束时无法写出输出。
exit-rust-panic = 主线程 panic。
exit-timeout-timed_out = 命令超时，已被终止。
exit-timeout-failed = timeout 自身失败。
exit-timeout-killed = 命令超时，已被杀死（--signal=KILL）。

unit-result-core-dump = 主进程被信号终止，并留下（或本应留下）核心转储。
unit-result-exec-condition = ExecCondition= 的命令表示该单元无需运行。
unit-result-exit-code = 主进程以非成功的退出码结束。
unit-result-oom-kill = 内核的 OOM killer 或 systemd-oomd 杀死了该单元的进程。
unit-result-protocol = 单元没有履行 Type= 的约定：没有就绪通知，或没有 PID 文件。
unit-result-resources = systemd 无法取得或准备单元所需的某项资源。
unit-result-signal = 主进程被信号终止，没有核心转储。
unit-result-start-limit-hit = 短时间内启动次数过多，systemd 不再尝试（StartLimitBurst=）。
unit-result-timeout = 没有在限定时间内启动、重新加载或停止。
unit-result-watchdog = 没有及时向 systemd 报告自己仍在运行（WatchdogSec=）。

# 运行为何结束。
explain-stop-manual = 有人要求 systemd 停止或重启了它。`aiops analyze restarts NAME` 会给出操作人和所用命令。
explain-stop-exit-code = 主进程或某个启动命令以表示失败的退出码结束。
explain-stop-signal = 主进程被信号终止，且信号既不是内核 OOM 杀手、也不是 systemd 发出的。
explain-stop-oom-cgroup = 它自身或上层 cgroup 达到了内存上限（MemoryMax=），被内核杀死；机器上可能仍有空闲内存。
explain-stop-oom-system = 整机内存耗尽，被内核杀死。
explain-stop-watchdog = 没有按时向 systemd 报告存活（WatchdogSec=），被 systemd 杀死。
explain-stop-timeout = 没有在限定时间内完成启动、重载或停止（TimeoutStartSec=、TimeoutStopSec=），被 systemd 杀死。
explain-stop-dependency = 它所依赖的单元停止或失败，systemd 随之停止了它。
explain-stop-package-upgrade = 包管理器停止或重启了它。
explain-stop-reboot = 主机关机、重启或断电。
explain-stop-clean = 主进程自行结束，并报告成功。
explain-stop-unknown = 它停止了，但没有任何记录说明原因。
