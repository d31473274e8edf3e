# 进程的 CPU 时间花在哪里。
profile-summary = { $pid } { $comm }：{ $tool } 在 { $time }内采样 { $samples } 次，期间使用了一个核的 { $cpu } %
profile-no-samples = { $pid } { $comm }：{ $time }内没有采样：它几乎没有运行（一个核的 { $cpu } %）
profile-none = { $pid } { $comm }：没有剖析结果
profile-functions = 函数
profile-heading-self = 自身 %
profile-heading-total = 累计 %
profile-heading-function = 函数
profile-stacks = 最热的堆栈（最内层函数在前）
profile-more-frames = 另有 { $count } 层
profile-hint-picture = 生成可用浏览器打开的火焰图：
profile-hint-waits = 不在运行的进程是在等待某事：
inspect-limit-profile-no-tool = 剖析：没有安装 perf（apt-get install linux-perf 或 dnf install perf）。
inspect-limit-profile-denied = 剖析：内核不允许。请以 root 运行，或先执行：sysctl kernel.perf_event_paranoid=1
inspect-limit-profile-cut = 剖析：样本超过可保留的上限，只包含开头部分。
inspect-limit-profile = 剖析：{ $why }。
inspect-limit-kernel-frames = 内核函数：内核没有给出名称（sysctl kernel.kptr_restrict=0，或以 root 运行）。
inspect-limit-python-profile = Python 函数：没有安装 py-spy（pip install py-spy），因此显示的是解释器自身的函数。
inspect-limit-frame-pointers = { $why } % 的样本只有一两层：程序没有保留帧指针。--dwarf 可按调试信息展开堆栈。
