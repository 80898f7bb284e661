//! Permission bits, set through an open folder.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use rustix::fs::{Mode, OFlags, RawMode, chmod, openat};
use rustix::path::Arg;

/// Sets permission bits of a file or folder, never through a link.
pub(super) fn set_mode(folder: impl AsFd, name: impl Arg, mode: RawMode) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(folder, name, flags, Mode::empty())?;
    // The system changes no mode of what is open as a path only, but by this.
    let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
    Ok(chmod(path, Mode::from_raw_mode(mode))?)
}
