//! From a unit's command line to the command that tests its configuration.

use std::collections::BTreeSet;

use analysis::{shell, start_failure::facts::ExecCommand};

use super::{
    environment::Environment,
    program::Program,
    table::{Row, Table},
};

/// The test of a unit's configuration, ready to run.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) row: Row,
    pub(super) argv: Vec<String>,
    /// Whether another program than the unit's own is asked.
    pub(super) is_stand_in: bool,
    /// Whether the unit names its configuration from the folder that it runs in.
    pub(super) is_relative: bool,
    /// The names of the variables that the test has as well.
    pub(super) variables: BTreeSet<String>,
}

/// Finds what may be run for a unit's program, which may be a script or not.
pub(super) type Find<'a> = &'a dyn Fn(&str, bool) -> Option<Program>;

impl Planned {
    pub(super) fn line(&self, user: &str) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| shell::word(word)).collect();
        let line = words.join(" ");
        match user {
            "root" => line,
            user => format!("runuser -u {} -- {line}", shell::word(user)),
        }
    }
}

/// The first row that fits a command of the unit. An error says why it cannot be tested so.
pub(super) fn plan(
    table: &Table,
    commands: &[ExecCommand],
    environment: &Environment,
    unit: &str,
    find: Find<'_>,
) -> Option<Result<Planned, String>> {
    let main = commands
        .iter()
        .filter(|command| command.step == "ExecStart");
    main.filter_map(|command| {
        let argv = environment.expand(&command.argv);
        let fits = table.rows().filter(|row| row.is_for(&command.path));
        fits.filter_map(|row| filled(row, &command.path, &argv, unit, find))
            .next()
    })
    .next()
}

/// The configurations that the unit's command line names, or that its program takes.
pub(super) fn config_files(
    table: &Table,
    commands: &[ExecCommand],
    environment: &Environment,
) -> Vec<String> {
    let main = commands
        .iter()
        .filter(|command| command.step == "ExecStart");
    main.flat_map(|command| {
        let argv = environment.expand(&command.argv);
        let row = table.rows().find(|row| row.is_for(&command.path));
        row.map_or_else(Vec::new, |row| {
            let named = named(row, argv.get(1..).unwrap_or_default());
            match named.is_empty() && !row.config.default.is_empty() {
                true => vec![row.config.default.clone()],
                false => named,
            }
        })
    })
    .collect()
}

fn filled(
    row: &Row,
    program: &str,
    argv: &[String],
    unit: &str,
    find: Find<'_>,
) -> Option<Result<Planned, String>> {
    let rest = argv.get(1..).unwrap_or_default();
    let mut values = vec![("unit", unit.to_owned())];
    if let Some(words) = &row.arguments {
        let line = rest.join(" ");
        let found = words.find(&line)?;
        values.extend(words.names().filter_map(|name| {
            let value = found.name(name)?.as_str().to_owned();
            Some((name, value))
        }));
    }
    if let Some(option) = row.not_with.iter().find(|option| has(rest, option)) {
        let name = &row.name;
        return Some(Err(format!(
            "{name} cannot be tested as it runs, with {option}"
        )));
    }
    let mut is_stand_in = false;
    if row.command.iter().any(|word| word.contains("{program}")) {
        let Some(found) = find(program, row.script) else {
            return Some(Err(format!(
                "{program} is not run: it is no compiled program of root"
            )));
        };
        is_stand_in = found.is_stand_in;
        values.push(("program", found.path.to_string_lossy().into_owned()));
    }
    let mut configs = named(row, rest);
    let is_relative = configs.iter().any(|path| !path.starts_with('/'));
    if configs.is_empty() && !row.config.default.is_empty() && !row.config.is_built_in {
        configs.push(row.config.default.clone());
    }
    let mut filled: Vec<String> = Vec::new();
    for word in &row.command {
        if word != "{config}" {
            filled.push(values.iter().fold(word.clone(), |word, (name, value)| {
                word.replace(&format!("{{{name}}}"), value)
            }));
            continue;
        }
        // An option before it goes with each of them, and is left out where there is none.
        let option = filled.pop_if(|option| option.starts_with('-'));
        for config in &configs {
            filled.extend(option.clone());
            filled.push(config.clone());
        }
    }
    // Some have to come first.
    filled.splice(1..1, carried(row, rest));
    Some(Ok(Planned {
        row: row.clone(),
        argv: filled,
        is_stand_in,
        is_relative,
        variables: BTreeSet::new(),
    }))
}

/// Whether a command line has an option: `-t DIR`, `-tDIR`, `--chroot=DIR`.
fn has(arguments: &[String], option: &str) -> bool {
    arguments
        .iter()
        .any(|argument| match argument.strip_prefix(option) {
            None => false,
            Some(rest) => rest.is_empty() || rest.starts_with('=') || is_short(option),
        })
}

fn is_short(option: &str) -> bool {
    option.len() == 2 && option != "--"
}

/// The options of the unit without which the configuration would be another.
fn carried(row: &Row, arguments: &[String]) -> Vec<String> {
    let found = values(&row.carried, arguments).into_iter();
    found
        .flat_map(|(option, value)| match is_short(option) {
            true => vec![option.to_owned(), value],
            false => vec![format!("{option}={value}")],
        })
        .collect()
}

/// The configurations that the unit's command line names.
fn named(row: &Row, arguments: &[String]) -> Vec<String> {
    let found = values(&row.config.options, arguments).into_iter();
    found.map(|(_, value)| value).collect()
}

/// The options of a command line that are among `options`, with their values.
fn values<'a>(options: &'a [String], arguments: &[String]) -> Vec<(&'a str, String)> {
    let mut found = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        for option in options {
            let Some(value) = argument.strip_prefix(option.as_str()) else {
                continue;
            };
            let value = match value.strip_prefix('=') {
                Some(value) => Some(value.to_owned()),
                None if value.is_empty() => rest.next().cloned(),
                None if is_short(option) => Some(value.to_owned()),
                None => continue,
            };
            found.extend(value.map(|value| (option.as_str(), value)));
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::table, *};

    #[test]
    fn a_test_is_made_from_the_units_own_command_line() {
        // (command line of the unit, test)
        let cases = [
            (
                "/usr/sbin/nginx -g daemon_on;",
                Some("/usr/sbin/nginx -g 'daemon_on;' -t"),
            ),
            (
                "/opt/nginx/sbin/nginx -p /srv/site -c conf/n.conf",
                Some("/opt/nginx/sbin/nginx -p /srv/site -t -c conf/n.conf"),
            ),
            (
                "/usr/sbin/haproxy -Ws -C /srv -f conf.d/ -p/run/x.pid",
                Some("haproxy -C /srv -c -f conf.d/"),
            ),
            ("/usr/sbin/haproxy -Ws -- /srv/a.cfg", Some("with --")),
            (
                "/usr/sbin/named -u bind -c /etc/n.conf",
                Some("named-checkconf /etc/n.conf"),
            ),
            ("/usr/sbin/named -t /var/chroot", Some("with -t")),
            ("/usr/sbin/named -t/var/chroot", Some("with -t")),
            (
                "/usr/sbin/mysqld --user=mysql --defaults-file=/srv/my.cnf",
                Some("/usr/sbin/mysqld --defaults-file=/srv/my.cnf --help --verbose"),
            ),
            (
                "/usr/sbin/sshd -D -o Port=23",
                Some("/usr/sbin/sshd -o Port=23 -t -f /etc/ssh/sshd_config"),
            ),
            ("/usr/sbin/postmulti -i - -p start", Some("postconf -n")),
            ("/usr/sbin/postmulti -i two -p start", None),
            ("/srv/w/lighttpd -D", Some("no compiled program")),
            (
                "/usr/sbin/nginx -c /srv/n.conf",
                Some("/usr/sbin/nginx -t -c /srv/n.conf"),
            ),
            (
                "/usr/sbin/haproxy -Ws -f $CONFIG -p /run/haproxy.pid $EXTRAOPTS",
                Some("haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/extra.cfg"),
            ),
            (
                "/usr/bin/pg_ctlcluster --skip-systemctl-redirect 15-main start",
                Some("/usr/lib/postgresql/15/bin/postgres -D /etc/postgresql/15/main -C port"),
            ),
            ("/usr/bin/pg_ctlcluster start", None),
            (
                "/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf",
                Some("/usr/sbin/php-fpm8.2 -t -y /etc/php/8.2/fpm/php-fpm.conf"),
            ),
            ("/usr/sbin/php-fpm8.2", Some("/usr/sbin/php-fpm8.2 -t")),
            (
                "/usr/bin/prometheus --config.file=/srv/p.yml --web.listen-address=:9",
                Some("promtool check config /srv/p.yml"),
            ),
            (
                "/usr/sbin/sshd -D",
                Some("/usr/sbin/sshd -t -f /etc/ssh/sshd_config"),
            ),
            ("/usr/bin/redis-server /etc/redis/redis.conf", None),
        ];
        let table = table::read(Path::new("/none"), &mut Vec::new());
        let environment = Environment::of(&[
            "CONFIG=/etc/haproxy/haproxy.cfg".to_owned(),
            "EXTRAOPTS=-S /run/master.sock -f /etc/haproxy/extra.cfg".to_owned(),
        ]);
        for (line, test) in cases {
            let argv: Vec<String> = line.split(' ').map(Into::into).collect();
            let command = ExecCommand {
                step: "ExecStart".into(),
                path: argv[0].clone(),
                argv,
                pid: None,
                status: None,
            };
            let found = |path: &str, _| {
                let path = (!path.starts_with("/srv")).then(|| path.into())?;
                let is_stand_in = false;
                Some(Program { path, is_stand_in })
            };
            let planned = plan(&table, &[command], &environment, "x.service", &found);
            match planned {
                Some(Err(why)) => assert!(why.contains(test.unwrap()), "{why}"),
                planned => {
                    let line = planned.map(|planned| planned.unwrap().line("root"));
                    assert_eq!(line.as_deref(), test);
                }
            }
        }
    }
}
