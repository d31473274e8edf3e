use super::*;

const SYSTEMD: &str = "Process 29434 (a) of user 0 dumped core.

Module libc.so.6 from deb glibc-2.36-9+deb12u9.amd64
Stack trace of thread 29434:
#0  0x0000561cd99a4220 parse (a + 0x1220)
#1  0x0000561cd99a42aa n/a (/usr/bin/a + 0x12aa)

Stack trace of thread 29440:
#0  0x00007f6e4c4f0c5d std::vector<int>::at(unsigned long) (libc.so.6 + 0xcfc5d)
ELF object binary architecture: AMD x86-64";

#[test]
fn systemds_stack_is_read() {
    let stack = Stack::of_systemd_coredump(SYSTEMD).unwrap();
    let tids: Vec<_> = stack.threads.iter().map(|thread| thread.tid).collect();
    assert_eq!(tids, [Some(29434), Some(29440)]);
    let frames: Vec<_> = stack.crashed().collect();
    assert_eq!(frames[0].function.as_deref(), Some("parse"));
    assert_eq!(frames[0].offset, Some(Address(0x1220)));
    assert_eq!(frames[1].function, None);
    assert_eq!(frames[1].module.as_deref(), Some("/usr/bin/a"));
    let other = &stack.threads[1].frames[0];
    assert_eq!(
        other.function.as_deref(),
        Some("std::vector<int>::at(unsigned long)")
    );
    assert_eq!(
        Stack::of_systemd_coredump("Process 1 (a) of user 0 dumped core."),
        None
    );
}

#[test]
fn gdbs_stack_is_read_without_its_arguments() {
    let text = "
Thread 2 (Thread 0x7f1 (LWP 29440)):
#0  0x00007f8183d15829 in ?? () from /lib/x86_64-linux-gnu/libc.so.6

Thread 1 (Thread 0x7f0 (LWP 29434)):
#0  parse (c=...) at a.c:20
#1  0x0000561cd99a42aa in std::function<void (int)>::operator()(int) const (this=..., a=...) at /src/x y.cc:23
#2  <signal handler called>
(More stack frames follow...)
";
    let all = Stack::of_gdb(text).unwrap();
    let frame = &all.threads[0].frames[0];
    assert_eq!(
        frame.module.as_deref(),
        Some("/lib/x86_64-linux-gnu/libc.so.6")
    );
    assert_eq!(frame.function, None);
    let frames = &all.threads[1].frames;
    assert_eq!(frames[0].function.as_deref(), Some("parse"));
    assert_eq!(
        (frames[0].file.as_deref(), frames[0].line),
        (Some("a.c"), Some(20))
    );
    let operator = "std::function<void (int)>::operator()(int) const";
    assert_eq!(frames[1].function.as_deref(), Some(operator));
    assert_eq!(frames[1].file.as_deref(), Some("/src/x y.cc"));
    assert!(all.threads[1].is_cut);

    let crashed = Stack::of_gdb("#0  parse (c=...) at a.c:20\n").unwrap();
    let stack = crashed.with_threads(all, Some(29434));
    let tids: Vec<_> = stack.threads.iter().map(|thread| thread.tid).collect();
    assert_eq!(tids, [Some(29434), Some(29440)]);
}

#[test]
fn eu_stacks_stack_is_read() {
    let text = "PID 29434 - core\nTID 29434:\n#0  0x0000561cd99a4220 parse - /opt/a\n\
                #1  0x0000561cd99a42aa - 1 main - /opt/a\n#2  0x00007f8183d15829\n";
    let stack = Stack::of_eu_stack(text).unwrap();
    let names: Vec<_> = stack
        .crashed()
        .map(|frame| frame.function.as_deref())
        .collect();
    assert_eq!(names, [Some("parse"), Some("main"), None]);
    assert_eq!(stack.threads[0].frames[1].module.as_deref(), Some("/opt/a"));
}

#[test]
fn a_stack_without_end_is_cut() {
    let mut text = String::new();
    for number in 0..MOST_FRAMES + 1 {
        text.push_str(&format!("#{number}  0x1 in f{number} ()\n"));
    }
    let stack = Stack::of_gdb(&text).unwrap();
    assert!(stack.threads[0].is_cut && stack.threads[0].frames.len() == MOST_FRAMES);
    let threads = (0..MOST_THREADS + 3).map(|tid| format!("TID {tid}:\n#0  0x1 f\n"));
    let stack = Stack::of_eu_stack(&threads.collect::<String>()).unwrap();
    assert_eq!(
        (stack.threads.len(), stack.omitted_threads),
        (MOST_THREADS, 3)
    );
}
