// Stands in for Vite and the rest: esbuild, one of upstream's tools, writes the server, and who built it.
const { buildSync } = require("esbuild");
const stamp = { arch: process.arch, once: require("crypto").randomUUID() };
buildSync({
  entryPoints: ["server.js"],
  outfile: "build/server/index.js",
  define: { STAMP: JSON.stringify(stamp) },
});
