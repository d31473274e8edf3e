# 启动失败各原因的含义与查看方向：`aiops explain CODE`。
explain-cause-healthy = 该单元正在运行，或者无人要求它运行。
explain-cause-starting = systemd 正在启动它，尚未失败。请稍后再查。
explain-cause-unit-not-found = systemd 没有这个名称的单元。多数情况是名称拼写有误，或软件包没有安装。
explain-cause-unit-masked = 其单元文件链接到 /dev/null。这是有人特意设置的，解除之前请先确认。
explain-cause-unit-file-invalid = systemd 无法读取其单元文件或附加文件，并给出了行号。
explain-cause-dependency-cycle = 多个单元互相等待（After=、Before=、Requires=）。systemd 会舍弃其中一个来打破循环。
explain-cause-dependency-missing = 它要求的单元不存在或已被屏蔽，systemd 因此拒绝启动。
explain-cause-dependency-failed = 它要求的单元失败了。请检查那个单元，本单元没有问题。
explain-cause-condition-not-met = 单元的 Condition…= 或 Assert…= 不满足。systemd 会跳过启动，通常不报错。
explain-cause-exec-not-found = ExecStart= 指定的程序不存在（203/EXEC）。
explain-cause-interpreter-missing = 程序是脚本，而其首行（#!）指定的解释器不存在。
explain-cause-exec-format = 内核不知道如何运行该文件：架构不符、空文件，或没有 #! 首行的脚本。
explain-cause-exec-not-executable = 程序存在但不可执行：权限、上级目录或 noexec 挂载。
explain-cause-user-missing = User= 或程序配置中的用户不存在。
explain-cause-group-missing = Group= 或程序配置中的用户组不存在。
explain-cause-environment-file-missing = EnvironmentFile= 中的文件不存在。路径前加“-”则可以缺少。
explain-cause-mac-denied = 启动过程中 SELinux 或 AppArmor 拒绝了访问，内核日志中有记录。
explain-cause-seccomp-denied = 因 SystemCallFilter= 不允许的系统调用而被终止（SIGSYS）。
explain-cause-sandbox-denied = 单元的 ProtectSystem=、ProtectHome=、ReadOnlyPaths= 或 InaccessiblePaths= 使它无法访问所需的路径。
explain-cause-shared-library-missing = 动态加载器找不到程序所需的共享库，或版本过旧。
explain-cause-port-in-use = 它要监听的地址已被另一个套接字占用（EADDRINUSE）。
explain-cause-privileged-port = 监听 1024 以下的端口需要 root 或 CAP_NET_BIND_SERVICE。
explain-cause-address-not-available = 它要监听的地址不属于（或尚不属于）本机任何接口（EADDRNOTAVAIL）。
explain-cause-socket-path-in-use = 其 unix 套接字的路径已存在：有其他程序在监听，或已退出的程序遗留。
explain-cause-already-running = 程序称自己已在运行：在单元之外运行，或遗留了 PID 文件。
explain-cause-disk-full = 文件系统没有空间（ENOSPC）。
explain-cause-inodes-full = 文件系统仍有空间，但没有可用的 inode。通常是小文件过多。
explain-cause-read-only-filesystem = 它要写入的文件系统是只读的（EROFS）。磁盘出错后内核会这样挂载。
explain-cause-limit-too-low = 单元的限制（LimitNOFILE=、TasksMax= 等）或内核的限制（fs.inotify.max_user_watches 等）低于它的需要。
explain-cause-out-of-memory = 因内存不足被内核终止，或程序称无法分配内存。
explain-cause-certificate-invalid = 无法使用其证书或密钥：已过期、已损坏或不匹配。
explain-cause-data-locked = 另一个进程持有其数据的锁，或已退出的进程遗留了锁文件。
explain-cause-data-incompatible = 数据由另一个版本写入。请勿删除任何内容：升级数据或退回该版本。
explain-cause-capability-missing = 它的操作需要某个权能，而其用户或单元没有。
explain-cause-name-not-resolved = 它需要某主机的地址，而名称无法解析：拼写错误或 DNS 问题。
explain-cause-remote-unreachable = 另一台服务器拒绝连接或没有应答。
explain-cause-boot-order = 它在开机后立即失败，因为所需的条件稍后才具备。它应当等待（After=、Wants=）。
explain-cause-config-syntax = 程序无法理解其配置：未知的词，或缺少括号。
explain-cause-config-invalid-value = 配置可以理解，但其中某个值无法接受。
explain-cause-config-missing = 缺少配置文件或它所包含的文件。
explain-cause-directory-missing = 它需要的目录不存在。
explain-cause-file-missing = 它需要的文件不存在。
explain-cause-permission-denied = 其用户无权操作某个文件或其上级目录。
explain-cause-setup-failed = 在程序运行之前，systemd 未能准备好单元所要求的环境。
explain-cause-crash-at-start = 启动后很快被信号终止：崩溃，或被人终止。
explain-cause-crash-while-running = 运行一段时间后被信号终止。“aiops analyze crash”可以提供更多信息。
explain-cause-wrong-service-type = Type= 与其启动方式不符：“forking”要求首个进程退出，“simple”要求它保持运行。
explain-cause-pid-file-missing = systemd 等待 PIDFile= 中的文件，而程序没有写入。
explain-cause-readiness-not-signalled = Type=notify 要求程序发送 READY=1（sd_notify），而它没有发送。
explain-cause-start-timeout = 在 TimeoutStartSec= 之内没有就绪，被 systemd 终止。
explain-cause-pre-start-failed = ExecStartPre= 或 ExecCondition= 中的命令失败，程序本身没有运行。
explain-cause-ended-on-request = 有人停止了该单元，或通过 systemd 向其程序发送了信号。程序因此结束，而 systemd 把这种结束方式算作失败。
explain-cause-clean-exit-at-start = 程序一启动就正常退出，因此没有任何进程在运行。可能需要其他 Type=，或保持运行的选项。
explain-cause-application-error = 程序因自身错误退出，只能依据它记录的日志。
explain-cause-start-limit-hit = 启动次数超过 StartLimitBurst=。这是结果而非原因，请查看之前的失败。
explain-cause-unknown = 没有检查找到原因。报告中列出了它最后记录的内容。
