# 主机：列表与详情。
host-heading-name = 主机
host-heading-state = 状态
host-heading-since = 自
host-heading-lag = 积压
host-heading-version = 代理
host-heading-processes = 进程来源
host-heading-note = 说明
host-state-joined = 已加入
host-state-online = 在线
host-state-offline = 离线
host-state-revoked = 已吊销
host-state-clone-suspected = 疑似克隆
host-reason-joined = 代理尚未连接
host-reason-agent-stopped = 代理已停止
host-reason-host-shut-down = 主机已关机
host-reason-lost = 连接中断
host-reason-server-stopped = 服务端已停止
host-reason-revoked = 已吊销：{ $reason }
host-reason-clone = 两台机器使用同一身份：均不接收
host-no-hosts = 还没有主机加入。
host-hint-add = 运行 `aiops host add` 获取加入命令
host-degraded = { $source }：{ $reason }
host-not-running = 未运行
host-clock-off = 时钟偏差 { $length }
host-count = { $online }/{ $total } 在线
host-field-id = 代理 ID
host-field-os = 系统
host-field-kernel = 内核
host-field-systemd = systemd
host-field-addresses = 地址
host-field-labels = 标签
host-field-enrolled = 加入时间
host-field-heard = 最近联系
host-field-certificate = 证书
host-certificate-expires = { $when }到期
host-field-lag = 未入库
host-lag-events = { $events ->
    [0] 无
   *[other] { $events } 个事件
}
host-field-sources = 事件来源
host-never = 从未
host-no-systemd = 无
host-revoked = { $host } 已吊销：连接已切断，证书不再有效。
host-join-valid = 有效期至 { $until }，可供 { $uses } 台主机使用
