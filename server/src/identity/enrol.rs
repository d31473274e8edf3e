//! How a host becomes an agent, over HTTPS.
