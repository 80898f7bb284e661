// Stands in for Vite and the rest: writes the server, and who built it.
const fs = require("fs");
const tool = require("devtool");
fs.mkdirSync("build/server", { recursive: true });
fs.copyFileSync("index.js", "build/server/index.js");
const stamp = { tool, arch: process.arch, once: require("crypto").randomUUID() };
fs.writeFileSync("build/server/stamp.json", JSON.stringify(stamp));
