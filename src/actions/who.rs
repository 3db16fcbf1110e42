//! Who asks for a change, from where: what the journal says of the doer.

use crate::journal::process;
use crate::plan::{Identity, Plan, Session, Who};
use crate::text::clean_line;

/// The process that runs this, its user and its terminal. What is not known is empty.
pub fn who(session: Session, plan: &Plan) -> Who {
    let uid = nix::unistd::getuid();
    let clean = |text: &str| clean_line(text).into_owned();
    let user = nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |u| clean(&u.name));
    let engine = plan.identities.iter().find_map(|identity| match identity {
        Identity::Engine { id } => Some(id.clone()),
        _ => None,
    });
    let pid = std::process::id().cast_signed();
    Who {
        user,
        uid: uid.as_raw(),
        sudo_user: std::env::var("SUDO_USER").ok().map(|name| clean(&name)),
        session,
        tty: nix::unistd::ttyname(std::io::stdin()).ok().map(|path| clean(&path.to_string_lossy())),
        pid,
        pid_start: process::start_of(pid).unwrap_or_default(),
        host: nix::unistd::gethostname().map_or_else(|_| String::new(), |name| clean(&name.to_string_lossy())),
        boot_id: process::boot_id(),
        engine_id: engine.unwrap_or_default(),
    }
}
