//! The two TLS listeners and what guards them.
