//! What an administrator does beside a server, which may be running or not.

use anyhow::bail;
use chrono::Utc;
use server::Database;
use server::app::join_command;
use server::config::Config;
use server::db::tokens as table;
use server::identity::authority::Authority;
use server::identity::tokens::{self, NewApiToken, NewJoinToken};

/// As the audit names who does this.
pub const ACTOR: &str = "server";

pub async fn migrate(config: Config) -> anyhow::Result<()> {
    // Opening it is all.
    Database::open_beside(&config).await?.close().await;
    Ok(())
}

pub async fn create_join_token(
    config: Config,
    new: NewJoinToken,
    print_join: bool,
) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let authority = Authority::open(&database.pool, Utc::now()).await?;
    let (token, expires_at) =
        tokens::create_join_token(&database.pool, ACTOR, new, Utc::now()).await?;
    let token = token.to_string();
    let command = join_command(&config, config.listen.http.port(), &token, authority.pin());
    if print_join {
        println!("{command}");
    } else {
        let ca_pin = authority.pin().to_owned();
        let made = analysis::fleet::JoinToken {
            token,
            expires_at,
            ca_pin,
            command,
        };
        println!("{}", serde_json::to_string_pretty(&made)?);
    }
    database.close().await;
    Ok(())
}

pub async fn create_api_token(config: Config, new: NewApiToken) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let token = tokens::make_api_token(&database.pool, ACTOR, &new, Utc::now()).await?;
    println!("{token}");
    database.close().await;
    Ok(())
}

pub async fn list_api_tokens(config: Config) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let tokens = table::api_tokens(&database.pool, None).await?;
    println!("{}", serde_json::to_string_pretty(&tokens)?);
    database.close().await;
    Ok(())
}

pub async fn revoke_api_token(config: Config, name: &str) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let revoked = tokens::revoke_api_token(&database.pool, ACTOR, name, None).await?;
    database.close().await;
    if !revoked {
        bail!("there is no API token called {name:?}");
    }
    Ok(())
}

pub async fn show_authority(config: Config) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let authority = Authority::open(&database.pool, Utc::now()).await?;
    println!("{}{}", authority.bundle_pem(), authority.pin());
    database.close().await;
    Ok(())
}
