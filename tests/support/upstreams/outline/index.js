// Stands in for the server: runs the program that its native module brings.
const { execFileSync } = require("child_process");
const native = execFileSync(require(`native-linux-${process.arch}`)).toString();
const { version } = require("../../package.json");
const stamp = require("./stamp.json");
console.log(`outline ${version} ${process.arch}, ${native}, built on ${stamp.arch} by ${stamp.tool}`);
console.log(stamp.once);
