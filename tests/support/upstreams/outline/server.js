// Stands in for the server: loads the native modules of upstream's packages, and uses them.
const { version, dependencies } = require("../../package.json");

function msgpackr() {
  const { isNativeAccelerationEnabled, pack, unpack } = require("msgpackr");
  return isNativeAccelerationEnabled && unpack(pack("packed"));
}

// hot-shots sends through it; the module is optional.
function unixDgram() {
  if (!("hot-shots" in dependencies)) return "not wanted";
  let module;
  try {
    module = require("unix-dgram");
  } catch (error) {
    return error.message.startsWith("Could not locate the bindings file") ? "not compiled" : error.message;
  }
  const socket = module.createSocket("unix_dgram", () => {});
  socket.bind(`/tmp/socket-${process.pid}`);
  socket.close();
  return "binds";
}

console.log(`outline ${version} ${process.arch}, built on ${STAMP.arch}: msgpackr ${msgpackr()}, unix-dgram ${unixDgram()}`);
console.log(STAMP.once);
