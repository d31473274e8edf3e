//! The history of units against journals of real hosts.

#[cfg(test)]
mod fold;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod support;
