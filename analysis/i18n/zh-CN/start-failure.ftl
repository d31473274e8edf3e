start-since = ，自 { $since }（{ $length }）
start-just-now = 刚刚
start-asked-as = 以 { $name } 查询
start-files = { $file }{ $more ->
    [0] { "" }
   *[other] { " " }及 { $more } 个附加文件
}
start-cause-healthy = 没有问题
start-cause-starting = 正在启动
start-cause-unit-not-found = 没有这个单元
start-cause-unit-masked = 已被屏蔽（masked），无法启动
start-cause-unit-file-invalid = systemd 拒绝其单元文件
start-cause-condition-not-met = 条件不满足，systemd 跳过了启动
start-cause-exec-not-found = 程序不存在
start-cause-exec-not-executable = 程序无法执行
start-cause-setup-failed = systemd 无法准备程序所需的环境
start-cause-port-in-use = 所需地址已被占用
start-cause-dependency-failed = 所依赖的单元没有启动
start-cause-start-timeout = 没有在限定时间内就绪
start-cause-never-ready = 程序已结束，始终未按 Type= 的要求就绪
start-cause-start-limit-hit = 启动过于频繁，systemd 拒绝再次启动
start-cause-crash-at-start = 程序被信号终止
start-cause-crash-while-running = 程序在运行中被信号终止
start-cause-out-of-memory = 内存不足，被内核杀死
start-cause-permission-denied = 程序缺少权限
start-cause-file-missing = 程序缺少文件
start-cause-config-invalid = 程序不接受其配置
start-cause-application-error = 程序出错退出
start-cause-unknown = 没有找到原因
start-port-in-use = 端口 { $port } 已被占用
start-setup-user = systemd 无法以用户 { $value } 运行它
start-setup-group = systemd 无法以用户组 { $value } 运行它
start-setup-workingdirectory = systemd 无法进入其工作目录
start-setup-rootdirectory = systemd 无法进入其根目录
start-setup-environmentfile = systemd 无法读取其环境变量文件
start-certainty = （{ $certainty }）
start-culprit-holder = 占用者
start-culprit-nobody-seen = 看不到的进程
start-culprit-pid = { $comm }（PID { $pid }）
start-culprit-unit = 单元
start-culprit-address = 地址
start-culprit-command = 命令
start-culprit-user = 用户
start-culprit-container = 容器
start-culprit-since = 启动时间
start-culprit-path = 路径
start-evidence = 证据
start-also = 另外
start-file-missing = 不存在
start-file-directory = 是目录
start-attempt = 启动失败，{ $at }{ $lasted }{ $how }
start-attempt-past = 此前的启动失败，{ $at }{ $lasted }{ $how }
start-attempt-running = 运行中失败，{ $at }{ $lasted }{ $how }
start-attempt-running-past = 此前的运行中失败，{ $at }{ $lasted }{ $how }
start-attempt-lasted = （{ $length }后）
start-attempt-how = ：{ $how }
start-log-none = 没有日志。
start-log-times = （{ $times } 次）
start-log-omitted = … 省略 { $lines } 行
start-needs = 依赖的单元
start-needs-fine = { $units } 个单元正常
start-needed-by = 被 { $unit } 依赖
start-fixes = 解决方案
start-fix-recommended = （推荐）
start-fix-risky = [有风险]
start-fix-stop-holder = 停止占用端口的 { $unit }
start-fix-stop-container = 端口由容器发布：找到该容器并停止
start-fix-end-process = 结束占用端口的进程 { $pid }
start-fix-change-port = 改用 { $port } 以外的端口：修改其配置
start-fix-start-dependency = 查明 { $unit } 为何没有启动
start-fix-ask-about = 是否要查 { $unit }？
start-fix-unmask = 如果不再需要，取消屏蔽
start-fix-install-package = 安装提供 { $path } 的软件包，再启动
start-fix-make-executable = 为 { $path } 加上执行权限
start-fix-repair-unit-file = 修正 { $path }
start-fix-correct-file = 修正 { $path }，再启动
start-fix-provide-path = 在该位置提供 { $path }
start-fix-allow-access = 查看谁可以访问 { $path }，并授予权限
start-fix-create-user = 创建用户 { $user }
start-fix-meet-condition = 使 { $condition } 成立，或从单元中去掉它
start-fix-raise-start-timeout = 放宽启动时限：[Service] TimeoutStartSec={ $seconds }
start-fix-read-core-dump = 查看核心转储
start-fix-raise-memory-limit = 增加内存上限，或查明内存用途
start-fix-reset-and-start = 启动
start-fix-read-log = 查看全部日志
start-limit-not-seen = 未能读取 { $what }：{ $why }
start-limit-hint-journal = 提示：以 root 运行，或加入 systemd-journal 或 adm 组
start-limit-hint-root = 提示：以 root 运行
start-quick-fix = 快速修复{ $risky ->
    [yes] [有风险]
   *[no] { "" }
}：
start-next = 下一步{ $risky ->
    [yes] [有风险]
   *[no] { "" }
}：
