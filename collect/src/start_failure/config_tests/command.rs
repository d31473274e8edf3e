//! From a unit's command line to the command that tests its configuration.

use analysis::{shell, start_failure::facts::ExecCommand};

use super::{
    environment::Environment,
    table::{Row, Table},
};

/// The test of a unit's configuration, ready to run.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    pub(super) row: &'a Row,
    pub(super) argv: Vec<String>,
}

impl Planned<'_> {
    pub(super) fn line(&self, user: &str) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| shell::word(word)).collect();
        let line = words.join(" ");
        match user {
            "root" => line,
            user => format!("runuser -u {} -- {line}", shell::word(user)),
        }
    }
}

/// The first row that fits a command of the unit.
pub(super) fn plan<'a>(
    table: &'a Table,
    commands: &[ExecCommand],
    environment: &Environment,
    unit: &str,
) -> Option<Planned<'a>> {
    let main = commands
        .iter()
        .filter(|command| command.step == "ExecStart");
    main.filter_map(|command| {
        let argv = environment.expand(&command.argv);
        let fits = table.rows().filter(|row| row.is_for(&command.path));
        fits.filter_map(|row| filled(row, &command.path, &argv, unit))
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
            configs(row, argv.get(1..).unwrap_or_default())
        })
    })
    .collect()
}

fn filled<'a>(row: &'a Row, program: &str, argv: &[String], unit: &str) -> Option<Planned<'a>> {
    let rest = argv.get(1..).unwrap_or_default();
    let mut values = vec![("program", program.to_owned()), ("unit", unit.to_owned())];
    if let Some(words) = &row.arguments {
        let line = rest.join(" ");
        let found = words.find(&line)?;
        values.extend(words.names().filter_map(|name| {
            let value = found.name(name)?.as_str().to_owned();
            Some((name, value))
        }));
    }
    let configs = configs(row, rest);
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
    Some(Planned { row, argv: filled })
}

/// The configurations that the unit's command line names, or else the usual one.
fn configs(row: &Row, arguments: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        for option in &row.config.options {
            let Some(value) = argument.strip_prefix(option.as_str()) else {
                continue;
            };
            let is_short = option.len() == 2;
            let value = match value.strip_prefix('=') {
                Some(value) => Some(value.to_owned()),
                None if value.is_empty() => rest.next().cloned(),
                None if is_short => Some(value.to_owned()),
                None => continue,
            };
            found.extend(value);
            break;
        }
    }
    if found.is_empty() && !row.config.default.is_empty() {
        found.push(row.config.default.clone());
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
                Some("/usr/sbin/nginx -t -c /etc/nginx/nginx.conf"),
            ),
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
            let planned = plan(&table, &[command], &environment, "x.service");
            let line = planned.map(|planned| planned.line("root"));
            assert_eq!(line.as_deref(), test);
        }
    }
}
