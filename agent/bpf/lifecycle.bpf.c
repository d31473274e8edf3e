// Every process start and end of this machine, and every cgroup, into one ring buffer.
//
// Self-contained on purpose: no vmlinux.h and no libbpf headers, so that a compiler is all a
// rebuild needs. Kernel structs are views with only the fields used; the loader relocates them
// (CO-RE) to the running kernel. Read README.md before changing anything: the verifiers of old
// kernels refuse what new ones accept.
//
// The records are read by `src/process/bpf/record.rs`, which must change along with them.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
typedef _Bool bool;

#define SEC(n) __attribute__((section(n), used))
#define __uint(n, v) int (*n)[v]
#define __type(n, v) typeof(v) *n
#define CORE __attribute__((preserve_access_index))
#define ALWAYS static __attribute__((always_inline)) inline
// A function of its own in the object: its unrolled loop is large.
#define SHARED static __attribute__((noinline))
#define FIELD_EXISTS(f) __builtin_preserve_field_info(f, 2)

char LICENSE[] SEC("license") = "GPL";

// Helpers, by their numbers in the kernel's stable interface.
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*bpf_get_current_uid_gid)(void) = (void *)15;
static long (*bpf_get_current_comm)(void *buf, u32 size) = (void *)16;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static long (*bpf_probe_read_user)(void *dst, u32 size, const void *src) = (void *)112;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *src) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *dst, u32 size, const void *src) = (void *)115;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;
static void *(*bpf_ringbuf_reserve)(void *rb, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;

// Views of kernel structs.
struct ns_common { u32 inum; } CORE;
struct pid_namespace { struct ns_common ns; } CORE;
struct upid { s32 nr; struct pid_namespace *ns; } CORE;
struct pid { u32 level; struct upid numbers[1]; } CORE;
typedef struct { s32 counter; } atomic_t;
struct kernfs_node { u64 id; const char *name; } CORE;
struct cgroup;
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys_state *parent; } CORE;
struct cgroup_root { s32 hierarchy_id; } CORE;
struct cgroup { struct cgroup_subsys_state self; struct kernfs_node *kn; struct cgroup_root *root; } CORE;
struct css_set { struct cgroup *dfl_cgrp; } CORE;
typedef struct { u32 val; } kuid_t;
struct cred { kuid_t uid; } CORE;
struct sched_entity { u64 sum_exec_runtime; } CORE;
struct mm_struct { u64 arg_start; u64 arg_end; } CORE;
struct kernel_siginfo { s32 si_code; } CORE;
struct k_sigaction {} CORE;
struct sighand_struct { struct k_sigaction action[64]; } CORE;
struct signal_struct {
	atomic_t live;
	s32 group_exit_code;
	u32 flags;
	u64 sum_sched_runtime;
	u64 maxrss;
	struct pid *pids[4];
	struct mm_struct *oom_mm;
} CORE;
struct task_struct {
	u32 flags;
	s32 pid, tgid;
	s32 exit_code;
	u64 start_boottime;
	char comm[16];
	struct task_struct *real_parent, *group_leader;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	struct css_set *cgroups;
	const struct cred *cred;
	struct sched_entity se;
	struct mm_struct *mm;
	kuid_t loginuid;
	u32 sessionid;
} CORE;

enum kind { FORK = 1, EXEC, EXIT, SIGNAL, CGROUP_MADE, CGROUP_GONE, KINDS = 8 };

// The start of each record about a process. Times are CLOCK_BOOTTIME in nanoseconds; pids are
// those of the namespace that the agent runs in, 0 where that namespace has none.
struct head {
	u32 kind, pid, ppid, uid;
	u64 at, start, cgroup;
	char comm[16];
};
struct exit_record {
	struct head head;
	u32 status, oom_killed;
	u64 cpu_ns, max_rss_pages;
};
struct signal_record {
	struct head head; // of the process that gets the signal
	u32 signal, by_kernel, sender_pid, sender_uid;
	char sender_comm[16];
};
#define ARGS_SHORT 128
#define ARGS_LONG 1024
struct exec_head {
	struct head head;
	u32 login_uid, session;
	u32 args_read, args_total; // bytes; arguments end in NUL
};
struct exec_short { struct exec_head exec; u8 args[ARGS_SHORT]; };
struct exec_long { struct exec_head exec; u8 args[ARGS_LONG]; };
struct cgroup_record {
	u32 kind, unused;
	u64 id, parent;
	char name[256];
};

struct { __uint(type, 27); __uint(max_entries, 1 << 21); } events SEC(".maps");
struct counters { u64 lost[KINDS]; };
struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, struct counters); }
	losses SEC(".maps");

// Inode of the agent's pid namespace, written by the loader.
#define INIT_PID_NS 0xEFFFFFFCu
const volatile u32 target_ns = INIT_PID_NS;

ALWAYS void count_loss(u32 kind)
{
	u32 zero = 0;
	struct counters *all = bpf_map_lookup_elem(&losses, &zero);
	if (all)
		__sync_fetch_and_add(&all->lost[kind], 1);
}

// A process's number in the agent's namespace, 0 if it is not in there. `pid` may be a plain
// number to the verifier, so all is read with the helper; offsets are constants, because variable
// ones count as unbounded on 6.1 and older.
SHARED u32 number_in_namespace(struct pid *pid)
{
	u32 level = 0;
	bpf_probe_read_kernel(&level, sizeof(level), &pid->level);
	void *numbers = &pid->numbers;
#pragma unroll
	for (u32 i = 0; i < 8; i++) {
		struct { s32 nr; u32 pad; struct pid_namespace *ns; } at = {};
		u32 inum = 0;
		if (i > level)
			return 0;
		if (bpf_probe_read_kernel(&at, sizeof(at), numbers + i * sizeof(at)))
			return 0;
		bpf_probe_read_kernel(&inum, sizeof(inum), &at.ns->ns.inum);
		if (inum == target_ns)
			return at.nr;
	}
	return 0;
}

#define PIDTYPE_TGID 1
ALWAYS u32 process_number(struct task_struct *task)
{
	if (target_ns == INIT_PID_NS)
		return task->tgid;
	return number_in_namespace(task->signal->pids[PIDTYPE_TGID]);
}

ALWAYS void fill(struct head *head, u32 kind, u32 pid, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	head->kind = kind;
	head->pid = pid;
	head->ppid = process_number(leader->real_parent);
	head->uid = task->cred->uid.val;
	head->at = bpf_ktime_get_boot_ns();
	head->start = leader->start_boottime;
	head->cgroup = task->cgroups->dfl_cgrp->kn->id;
	// The leader's: other threads often have names of their own.
	__builtin_memcpy(head->comm, leader->comm, sizeof(head->comm));
}

#define PF_KTHREAD 0x00200000
SEC("tp_btf/sched_process_fork")
int on_fork(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	if (child->pid != child->tgid || child->flags & PF_KTHREAD)
		return 0;
	u32 pid = process_number(child);
	if (!pid)
		return 0;
	struct head *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count_loss(FORK);
		return 0;
	}
	fill(record, FORK, pid, child);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

ALWAYS void fill_exec(struct exec_head *exec, u32 pid, struct task_struct *task)
{
	fill(&exec->head, EXEC, pid, task);
	exec->login_uid = ~0u;
	exec->session = ~0u;
	// Kernels without audit have no logins.
	if (FIELD_EXISTS(task->loginuid)) {
		exec->login_uid = task->loginuid.val;
		exec->session = task->sessionid;
	}
}

SEC("tp_btf/sched_process_exec")
int on_exec(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u32 pid = process_number(task);
	if (!pid)
		return 0;
	// Exactly the arguments: the environment follows them, and it is nobody's business.
	const void *args = (void *)task->mm->arg_start;
	u64 total = task->mm->arg_end - task->mm->arg_start;
	if (total <= ARGS_SHORT) {
		struct exec_short *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
		if (!record) {
			count_loss(EXEC);
			return 0;
		}
		fill_exec(&record->exec, pid, task);
		record->exec.args_total = total;
		record->exec.args_read = bpf_probe_read_user(record->args, total, args) ? 0 : total;
		bpf_ringbuf_submit(record, 0);
		return 0;
	}
	struct exec_long *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count_loss(EXEC);
		return 0;
	}
	fill_exec(&record->exec, pid, task);
	record->exec.args_total = total > ~0u ? ~0u : total;
	u64 read = total > ARGS_LONG ? ARGS_LONG : total;
	record->exec.args_read = bpf_probe_read_user(record->args, read, args) ? 0 : read;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

#define SIGNAL_GROUP_EXIT 4
SEC("tp_btf/sched_process_exit")
int on_exit(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct signal_struct *signal = task->signal;
	// The process ends with its last thread, which need not be its leader. Two threads that end
	// at once may both see 0 here: the reader drops the second record.
	if (signal->live.counter != 0 || task->flags & PF_KTHREAD)
		return 0;
	u32 pid = process_number(task);
	if (!pid)
		return 0;
	struct exit_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count_loss(EXIT);
		return 0;
	}
	fill(&record->head, EXIT, pid, task);
	struct task_struct *leader = task->group_leader;
	record->status =
		signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
	// Set on the OOM killer's victim and never cleared. Surer than the tracepoint mark_victim,
	// which must be joined by pid and whose arguments changed in 6.9.
	record->oom_killed = signal->oom_mm != 0;
	// Threads that ended before are in the sum, but for a leader, which stays until the end.
	u64 cpu = signal->sum_sched_runtime + task->se.sum_exec_runtime;
	if (task->pid != task->tgid)
		cpu += leader->se.sum_exec_runtime;
	record->cpu_ns = cpu;
	record->max_rss_pages = signal->maxrss;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

// Signals that end a process by default: HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2
// PIPE ALRM TERM STKFLT XCPU XFSZ VTALRM PROF IO PWR SYS.
#define FATAL 0xef01fffeu
#define ACTION_SIZE 32 // struct k_sigaction on 64-bit machines; the handler is its first field
ALWAYS bool ends_by_default(struct task_struct *task, u32 number)
{
	u64 sighand = 0, handler = 1;
	// Through the helper the pointer becomes a plain number, which may be added to.
	bpf_probe_read_kernel(&sighand, sizeof(sighand), &task->sighand);
	void *actions = (void *)&((struct sighand_struct *)sighand)->action;
	bpf_probe_read_kernel(&handler, sizeof(handler), actions + (u64)(number - 1) * ACTION_SIZE);
	return handler == 0;
}

// Sent by the kernel itself: the marker 1 in place of the details, or a positive code in them.
ALWAYS bool sent_by_kernel(u64 info)
{
	s32 code = 0;
	if (info <= 1)
		return info;
	bpf_probe_read_kernel(&code, sizeof(code), &((struct kernel_siginfo *)info)->si_code);
	return code > 0;
}

SEC("tp_btf/signal_generate")
int on_signal(u64 *ctx)
{
	u32 number = ctx[0];
	struct task_struct *task = (void *)ctx[2];
	bool delivered = (u32)ctx[4] == 0;
	if (!delivered || number - 1 > 30 || !(FATAL >> (number & 31) & 1))
		return 0;
	// Not a death yet: the reader joins it with the exit.
	if (!ends_by_default(task, number))
		return 0;
	u32 pid = process_number(task);
	if (!pid)
		return 0;
	struct signal_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count_loss(SIGNAL);
		return 0;
	}
	fill(&record->head, SIGNAL, pid, task);
	record->signal = number;
	u64 info = 0;
	bpf_probe_read_kernel(&info, sizeof(info), &ctx[1]);
	record->by_kernel = sent_by_kernel(info);
	struct task_struct *sender = (void *)bpf_get_current_task();
	struct signal_struct *signal = 0;
	struct pid *sender_pid = 0;
	bpf_probe_read_kernel(&signal, sizeof(signal), &sender->signal);
	bpf_probe_read_kernel(&sender_pid, sizeof(sender_pid), &signal->pids[PIDTYPE_TGID]);
	record->sender_pid = number_in_namespace(sender_pid);
	record->sender_uid = (u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(record->sender_comm, sizeof(record->sender_comm));
	bpf_ringbuf_submit(record, 0);
	return 0;
}

// Directories of cgroup v2 with name and parent, so that the path of a process is known even if
// the cgroup is gone when its first event is read: a unit that fails at once lives for 5 ms.
ALWAYS int tell_cgroup(struct cgroup *cgroup, u32 kind)
{
	if (cgroup->root->hierarchy_id != 0) // a v1 hierarchy
		return 0;
	struct cgroup_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count_loss(kind);
		return 0;
	}
	record->kind = kind;
	record->unused = 0;
	record->id = cgroup->kn->id;
	record->parent = 0;
	struct cgroup_subsys_state *parent = cgroup->self.parent;
	if (parent)
		record->parent = parent->cgroup->kn->id;
	record->name[0] = 0;
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), cgroup->kn->name);
	bpf_ringbuf_submit(record, 0);
	return 0;
}
SEC("tp_btf/cgroup_mkdir") int on_cgroup_made(u64 *ctx) { return tell_cgroup((void *)ctx[0], CGROUP_MADE); }
SEC("tp_btf/cgroup_rmdir") int on_cgroup_gone(u64 *ctx) { return tell_cgroup((void *)ctx[0], CGROUP_GONE); }
