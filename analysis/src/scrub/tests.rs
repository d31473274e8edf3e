use proptest::prelude::*;

use super::{scrub_arguments, scrub_text};

/// Splits at spaces, but for what stands in `{}`: one argument with spaces in it.
fn arguments(line: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut inside = false;
    for letter in line.chars() {
        match letter {
            '{' if !inside => inside = true,
            '}' if inside => inside = false,
            ' ' if !inside => arguments.push(String::new()),
            _ => arguments.last_mut().unwrap().push(letter),
        }
    }
    arguments
}

#[test]
fn secrets_go_and_the_rest_stays() {
    // (command line, what is left of it; `*` stands for what was scrubbed)
    let cases = [
        (
            "app --password hunter2 --port 80",
            "app --password * --port 80",
        ),
        (
            "app --password=hunter2 --port 80",
            "app --password=* --port 80",
        ),
        ("app --db-password=a;b&c", "app --db-password=*"),
        ("app -password hunter2", "app -password *"),
        ("app --client-secret s3 x", "app --client-secret * x"),
        ("app --auth-token abc", "app --auth-token *"),
        ("app --authToken=abc", "app --authToken=*"),
        ("app --api-key=abc", "app --api-key=*"),
        ("app --passphrase {two words}", "app --passphrase *"),
        ("mysql -uroot -phunter2 shop", "mysql -uroot -p* shop"),
        (
            "/usr/bin/mysqldump -phunter2 shop",
            "/usr/bin/mysqldump -p* shop",
        ),
        ("mariadb -u root -phunter2", "mariadb -u root -p*"),
        ("sudo mysqladmin -phunter2 ping", "sudo mysqladmin -p* ping"),
        (
            "sh -c {mysql -phunter2 -e 'select 1'}",
            "sh -c {mysql -p* -e 'select 1'}",
        ),
        ("sshpass -p hunter2 ssh db", "sshpass -p * ssh db"),
        ("sshpass -phunter2 ssh db", "sshpass -p* ssh db"),
        ("redis-cli -a hunter2 ping", "redis-cli -a * ping"),
        (
            "redis-server --requirepass hunter2",
            "redis-server --requirepass *",
        ),
        (
            "ldapsearch -D cn=admin -w hunter2",
            "ldapsearch -D cn=admin -w *",
        ),
        ("mongosh -u root -p hunter2", "mongosh -u root -p *"),
        (
            "docker login -u me -p hunter2 hub",
            "docker login -u me -p * hub",
        ),
        ("curl -u me:hunter2 http://a", "curl -u me:* http://a"),
        ("curl -sku me:hunter2 http://a", "curl -sku me:* http://a"),
        ("app hvs.CAESIJ1qS3xv5kT2p0aB9cDe", "app *"),
        ("app aiops_join_Zm9vYmFyYmF6cXV4MTIz", "app *"),
        (
            "curl --user me:hunter2 http://a",
            "curl --user me:* http://a",
        ),
        ("smbclient -U me%hunter2 //s/x", "smbclient -U me%* //s/x"),
        ("env PGPASSWORD=hunter2 psql", "env PGPASSWORD=* psql"),
        (
            "docker run -e MYSQL_ROOT_PASSWORD=x db",
            "docker run -e MYSQL_ROOT_PASSWORD=* db",
        ),
        (
            "env AWS_SECRET_ACCESS_KEY=abc/def aws",
            "env AWS_SECRET_ACCESS_KEY=* aws",
        ),
        ("env SECRET_KEY=abc app", "env SECRET_KEY=* app"),
        (
            "java -Dspring.datasource.password=x -jar a",
            "java -Dspring.datasource.password=* -jar a",
        ),
        (
            "app Server=a;User=b;Password=c;Db=d",
            "app Server=a;User=b;Password=*",
        ),
        (
            "curl http://a/b?access_token=abc&x=1",
            "curl http://a/b?access_token=*",
        ),
        (
            "curl {Authorization: Bearer abc def}",
            "curl {Authorization: *}",
        ),
        (
            "curl -H {authorization:Basic YTpi}",
            "curl -H {authorization: *}",
        ),
        (
            "curl -H X-Api-Key:abc http://a",
            "curl -H X-Api-Key:* http://a",
        ),
        (
            "curl -H {X-Api-Key: abc} http://a",
            "curl -H {X-Api-Key: *} http://a",
        ),
        ("curl -H {Private-Token: abc}", "curl -H {Private-Token: *}"),
        (
            "sh -c {curl -H 'Cookie: a=b; c=d' http://a}",
            "sh -c {curl -H 'Cookie: *' http://a}",
        ),
        ("app {\"password\":\"hunter2\"}", "app {\"password\":*}"),
        (
            "psql postgres://me:hunter2@db/shop",
            "psql postgres://me:*@db/shop",
        ),
        (
            "app redis://:hunter2@cache:6379/0",
            "app redis://:*@cache:6379/0",
        ),
        ("app amqp://me:hun/ter2@mq:5672", "app amqp://me:*@mq:5672"),
        (
            "git clone https://0123456789abcdef0123@git/x",
            "git clone https://*@git/x",
        ),
        ("app eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_d", "app *"),
        ("app AKIAIOSFODNN7EXAMPLE", "app *"),
        ("app LTAI5tAbCdEfGhIjKlMn", "app *"),
        ("app AIzaSyA1234567890abcdefghijklmnopqrstuvw", "app *"),
        ("git push ghp_abcdefghij0123456789", "git push *"),
        ("app --key 0123456789abcdef0123456789abcdef", "app --key *"),
        ("app --key=0123456789abcdef0123456789abcdef", "app --key=*"),
        (
            "openssl rsa -passin pass:hunter2 -in a",
            "openssl rsa -passin pass:* -in a",
        ),
        (
            "app {-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----}",
            "app *",
        ),
        ("app {-----BEGIN PRIVATE KEY-----\nabc}", "app *"),
    ];
    for (line, expected) in cases {
        let expected = expected.replace('*', super::SCRUBBED);
        assert_eq!(
            scrub_arguments(arguments(line)),
            arguments(&expected),
            "{line}"
        );
    }
}

#[test]
fn harmless_command_lines_stay_as_they_are() {
    let lines = [
        "nginx -g {daemon off;}",
        "/usr/sbin/sshd -D -o AuthorizedKeysCommand=none",
        "/lib/systemd/systemd --switched-root --system --deserialize 31",
        "systemctl restart nginx.service",
        "mysqld --port=3306 --socket=/run/mysqld/mysqld.sock",
        "mysql -u root -p shop",
        "mysql --port=3306 --protocol=tcp",
        "postgres -D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf",
        "postgres: 15/main: walwriter",
        "psql -h db -p 5432 -U me shop",
        "redis-server *:6379",
        "docker run -p 8080:80 --name web nginx:1.25",
        "docker run -v /a:/b -e TZ=UTC app:latest",
        "podman build --no-cache -t a:b .",
        "java -Xmx2g -XX:+UseG1GC -jar app.jar --server.port=8080",
        "java -Dkey=value -Duser.timezone=UTC Main",
        "python3 -m http.server 8000",
        "python3 -c {import sys; print(sys.path)}",
        "ssh -i /root/.ssh/id_ed25519 -p 2222 me@host",
        "scp a.txt me@host:/tmp/",
        "rsync -avz --delete src/ me@host:dst/",
        "git clone https://github.com/me/repo.git",
        "git clone git@github.com:me/repo.git",
        "git show 0123456789abcdef0123456789abcdef01234567",
        "curl -fsS -o /dev/null http://localhost:8080/healthz",
        "curl -H {Accept: application/json} http://a",
        "curl https://a.example/b?page=2&sort=key",
        "wget -qO- https://example.org/file.tar.gz",
        "tar czf backup.tar.gz --exclude=cache /srv",
        "sort -k 2 -t : /etc/passwd",
        "grep -r password /etc",
        "passwd root",
        "vault server -config=/etc/vault.hcl",
        "app --password-file /run/secrets/db",
        "app --password-file=/run/secrets/db",
        "app --token-file=/var/run/token",
        "app --no-password --port 5432",
        "app --max-tokens=512 --tokens 5",
        "app --bypass=yes --compass north",
        "app --tls-cert /etc/a.crt --tls-key /etc/a.key",
        "app --private-key /etc/ssl/a.pem",
        "app --key=name --value=5",
        "app --primary-key id --foreign-key user",
        "app --hash sha256 --session 5",
        "openssl x509 -in a.pem -noout -subject",
        "openssl rsa -in a.key -passin file:/run/pass",
        "ps -ef --forest",
        "kubelet --config=/var/lib/kubelet/config.yaml --node-ip=10.0.0.1",
        "containerd-shim-runc-v2 -namespace k8s.io -id 0123456789abcdef0123456789abcdef",
        "etcd --listen-client-urls=https://127.0.0.1:2379",
        "app http://[::1]:8080/a@b",
        "app ftp://anonymous@host/file",
        "journalctl -u nginx --since today --no-pager",
        "find / -name *.key -type f",
        "unzip -o a.zip -d /tmp",
        "7z x a.7z -o/tmp",
        "make -j2 KEY=value",
        "node --max-old-space-size=4096 server.js",
        "php-fpm: pool www",
        "cron -f",
        "agetty -o {-p -- \\u} --noclear tty1 linux",
        "dbus-daemon --system --address=systemd: --nofork --nopidfile",
        "lsof -p 1234",
        "app {-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----}",
    ];
    assert!(lines.len() >= 50);
    for line in lines {
        assert_eq!(scrub_arguments(arguments(line)), arguments(line), "{line}");
    }
}

#[test]
fn texts_are_scrubbed_line_by_line() {
    let text =
        "connecting to postgres://me:x@db\npassword: hunter2\nAuthorization: Basic x y\nready\n";
    let expected = "connecting to postgres://me:[scrubbed]@db\npassword: [scrubbed]\n\
                    Authorization: [scrubbed]\nready\n";
    assert_eq!(scrub_text(text), expected);
}

#[test]
fn an_error_behind_a_name_is_no_secret() {
    // (line, what is left of it)
    let cases = [
        (
            "db.service: Failed to determine user credentials: No such process",
            "db.service: Failed to determine user credentials: No such process",
        ),
        (
            "Failed to read password: Permission denied.\n",
            "Failed to read password: Permission denied.\n",
        ),
        (
            "credentials: No such process hunter2",
            "credentials: [scrubbed]",
        ),
        ("password: Denied", "password: [scrubbed]"),
    ];
    for (text, expected) in cases {
        assert_eq!(scrub_text(text), expected);
    }
    // What stands in arguments is no sentence.
    let given = ["app", "--password", "No such process"].map(Into::into);
    assert_eq!(scrub_arguments(given.into())[2], "[scrubbed]");
}

proptest! {
    #[test]
    fn any_arguments_are_taken(arguments in proptest::collection::vec("\\PC{0,40}", 0..6)) {
        let count = arguments.len();
        prop_assert_eq!(scrub_arguments(arguments).len(), count);
    }

    #[test]
    fn what_is_scrubbed_stays_so(arguments in proptest::collection::vec("(--)?(password|token)[= :]?[a-z0-9/@:]{0,9}", 0..4)) {
        let once = scrub_arguments(arguments);
        prop_assert_eq!(scrub_arguments(once.clone()), once);
    }
}
