// Production's modules for the target's machine, installed on the one that builds.
//
// usage: node modules.cjs ARCHITECTURE COMMAND...
//
// ARCHITECTURE is the target's, as Node.js calls it; COMMAND is upstream's, which leaves production's modules
// in node_modules. Where packages may run scripts, it starts from nothing, so that all targets get the same. Where the
// target is not the machine that builds, it runs as if Node.js ran on the target, so that packages with a part for
// each platform bring the right one, and without scripts; these run after it, with compilers for the target.
//
// What a package gets is told from what is in it, never from its name:
// - a native module (binding.gyp) that is there compiled for the target, in the package or in a package of its own
//   for that processor, is not compiled;
// - other scripts run, and what they compile is the target's. One that fails where the package brings a program for
//   the target tried that program: it needs no installing;
// - one that fails otherwise fails the build, unless the package is optional and its scripts fail for this machine,
//   too: then upstream's image has none either.
//
// In the end no package may have a program that the target cannot run, unless it came with one for the target.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

// Node.js's names: e_machine (ELF specification, "ELF header"), `uname -m`, Debian's names of the tools.
const MACHINES = {
  x64: { elf: 62, uname: 'x86_64', tools: 'x86_64-linux-gnu', compiler: 'g++-x86-64-linux-gnu' },
  arm64: { elf: 183, uname: 'aarch64', tools: 'aarch64-linux-gnu', compiler: 'g++-aarch64-linux-gnu' },
};
const EVENTS = ['preinstall', 'install', 'postinstall'];
const SOURCES = /^(binding\.gyp|CMakeLists\.txt|.*\.(c|cc|cpp|cxx))$/;

const [target, ...command] = process.argv.slice(2);
const machine = MACHINES[target];
const root = process.cwd();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'modules-'));

function say(text) {
  console.log(`modules: ${text}`);
}

function die(text) {
  console.error(text);
  process.exit(1);
}

// Runs a program to its end; its output goes where `stdio` says.
function run(program, args, options) {
  const ended = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (ended.error) die(`${program} cannot be run: ${ended.error.message}`);
  return ended;
}

// What Yarn answers; its settings come from files and variables that only it knows all of.
function yarn(...args) {
  const ended = run('yarn', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (ended.status !== 0) die(`yarn ${args.join(' ')} failed`);
  return ended.stdout.trim();
}

// --- what upstream wants ---

// Which packages may run scripts, or nothing where none may (Yarn: "enableScripts", "dependenciesMeta.built").
function upstreamsChoice(classic) {
  if (command.includes('--ignore-scripts') || command.includes('--mode=skip-build')) return undefined;
  if (classic) return yarn('config', 'get', 'ignore-scripts') === 'true' ? undefined : () => true;
  const all = yarn('config', 'get', 'enableScripts') === 'true';
  const listed = manifest(root).dependenciesMeta ?? {};
  if (!all && !Object.values(listed).some((meta) => meta.built)) return undefined;
  return ({ name, version }) => (listed[`${name}@${version}`] ?? listed[name])?.built ?? all;
}

function manifest(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  } catch {
    return {};
  }
}

// --- what is there ---

// All packages below node_modules folders, by their folders. What is no package, such as `.cache`, counts as one
// without scripts.
function packages(folder, found = new Map()) {
  const modules = path.join(folder, 'node_modules');
  if (!fs.existsSync(modules)) return found;
  for (const entry of fs.readdirSync(modules, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const at = path.join(modules, entry.name);
    const scoped = () => fs.readdirSync(at, { withFileTypes: true }).filter((inner) => inner.isDirectory());
    const folders = entry.name.startsWith('@') ? scoped().map((inner) => path.join(at, inner.name)) : [at];
    for (const one of folders) {
      found.set(one, describe(one));
      packages(one, found);
    }
  }
  return found;
}

function describe(folder) {
  const about = manifest(folder);
  const files = own(folder);
  return {
    folder,
    about,
    name: about.name ?? path.relative(root, folder),
    version: about.version ?? '',
    files,
    programs: files.map(program).filter(Boolean),
  };
}

// A package's own files.
function own(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : own(at);
    return entry.isFile() ? [at] : [];
  });
}

// A file in ELF format: its machine, and what tells this file from another under the same name.
function program(file) {
  const header = Buffer.alloc(20);
  const fd = fs.openSync(file, 'r');
  try {
    if (fs.readSync(fd, header) < 20 || header.readUInt32BE(0) !== 0x7f454c46) return null;
    const { ino, size, mtimeMs } = fs.fstatSync(fd);
    const little = header[5] === 1;
    return { file, elf: little ? header.readUInt16LE(18) : header.readUInt16BE(18), is: `${ino} ${size} ${mtimeMs}` };
  } finally {
    fs.closeSync(fd);
  }
}

// A program that Node.js of the image can load on the target: for its machine, its C library and its Node.js, by what
// is in it and by the name that its loader goes by (prebuildify: `node.abi127.musl.node`, `linuxmusl-arm64/`).
function usable({ file, elf }) {
  const abi = /(?:^|[.-])abi(\d+)/.exec(path.basename(file));
  if (elf !== machine.elf || (abi && abi[1] !== process.versions.modules)) return false;
  const name = path.relative(root, file);
  const has = (text) => fs.readFileSync(file).includes(text);
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  return glibc ? !/musl/.test(name) && !has('libc.musl-') : !/glibc|gnu/.test(name) && !has('libc.so.6\0');
}

// The package that `name` means in `folder` (Node.js: "Loading from node_modules folders").
function resolve(all, folder, name) {
  for (let at = folder; ; at = path.dirname(at)) {
    const there = all.get(path.join(at, 'node_modules', name));
    if (there || at === root) return there;
  }
}

function dependencies(all, { folder, about }) {
  const optional = Object.keys(about.optionalDependencies ?? {});
  const needed = Object.keys(about.dependencies ?? {}).filter((name) => !optional.includes(name));
  const found = (names) => names.map((name) => resolve(all, folder, name)).filter(Boolean);
  return { needed: found(needed), optional: found(optional) };
}

// Packages in the order in which they can be installed, those that others depend on first; the set holds what
// cannot be left out.
function ordered(all) {
  const order = new Set();
  const seen = new Set();
  const visit = (one) => {
    if (seen.has(one)) return;
    seen.add(one);
    const { needed, optional } = dependencies(all, one);
    [...needed, ...optional].forEach(visit);
    order.add(one);
  };
  const project = { folder: root, about: manifest(root) };
  visit(project);
  all.forEach(visit);
  const required = new Set();
  const require = (one) => {
    if (required.has(one)) return;
    required.add(one);
    dependencies(all, one).needed.forEach(require);
  };
  require(project);
  order.delete(project);
  return { order: [...order], required };
}

// --- scripts ---

// Whether a package has a program for the target, itself or in a package that is for one processor.
function brings(all, one, ending) {
  const parts = dependencies(all, one).optional.filter((part) => part.about.cpu);
  return [one, ...parts].some((part) => part.programs.some((file) => file.file.endsWith(ending) && usable(file)));
}

function scripts(one) {
  const own = one.about.scripts ?? {};
  const gyp = fs.existsSync(path.join(one.folder, 'binding.gyp'));
  const implied = gyp && !own.install ? { install: 'node-gyp rebuild' } : {};
  const all = { ...own, ...implied };
  return { gyp, list: EVENTS.filter((event) => all[event]).map((event) => ({ event, text: all[event] })) };
}

// A folder with the programs of what a package depends on. node-gyp belongs to it always: what is in the tree, else
// npm's own.
function programs(all, one) {
  const bin = fs.mkdtempSync(path.join(scratch, 'bin-'));
  const { needed, optional } = dependencies(all, one);
  const gyp = resolve(all, one.folder, 'node-gyp') ?? npmsNodeGyp();
  for (const { folder, about } of [gyp, ...needed, ...optional].filter(Boolean)) {
    const list = typeof about.bin === 'string' ? { [about.name.replace(/^@.*\//, '')]: about.bin } : about.bin;
    for (const [name, file] of Object.entries(list ?? {})) {
      const link = path.join(bin, name);
      fs.rmSync(link, { force: true });
      fs.symlinkSync(path.join(folder, file), link);
      fs.chmodSync(path.join(folder, file), 0o755);
    }
  }
  return bin;
}

function npmsNodeGyp() {
  const folder = path.join(prefix(), 'lib/node_modules/npm/node_modules/node-gyp');
  return fs.existsSync(folder) ? { folder, about: manifest(folder) } : undefined;
}

// Where Node.js is installed.
function prefix() {
  return path.dirname(path.dirname(fs.realpathSync(process.execPath)));
}

// Node.js's headers, where the image has them: else node-gyp downloads them.
function headers() {
  return fs.existsSync(path.join(prefix(), 'include/node/node.h')) ? { npm_config_nodedir: prefix() } : {};
}

// Lets Node.js say that it runs on the target.
function disguise() {
  const file = path.join(scratch, 'target.cjs');
  fs.writeFileSync(
    file,
    `Object.defineProperty(process, 'arch', { value: '${target}' });\n` +
      `require('node:os').machine = () => '${machine.uname}';\n`,
  );
  const options = `${process.env.NODE_OPTIONS ?? ''} --require=${file}`.trim();
  return { NODE_OPTIONS: options, npm_config_arch: target, npm_config_target_arch: target };
}

// Compilers for the target: GNU make's and gyp's variables, those for tools that run while building included.
function compilers() {
  const tool = (name) => `${machine.tools}-${name}`;
  return {
    CC: tool('gcc'),
    CXX: tool('g++'),
    AR: tool('ar'),
    RANLIB: tool('ranlib'),
    STRIP: tool('strip'),
    LINK: tool('g++'),
    CC_host: 'gcc',
    CXX_host: 'g++',
    AR_host: 'ar',
    LINK_host: 'g++',
  };
}

function has(program) {
  return run('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

// Installs the compiler for the target from the image's distribution, where there is one for this machine.
function installCompiler(one) {
  if (!has('g++') || has(`${machine.tools}-g++`)) return;
  say(`${one.name} ${one.version} is compiled for ${target}: ${machine.compiler}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => has('apt-get') && run('apt-get', args, { env }).status === 0;
  if (apt('update') && apt('install', '-y', '--no-install-recommends', machine.compiler)) return;
  die(`${one.name} ${one.version} has to be compiled for ${target}, and ${machine.compiler} cannot be installed`);
}

// Runs a package's scripts one after the other; the first that fails, or nothing.
function runScripts(all, one, list, variables) {
  const log = path.join(scratch, 'log');
  const bin = programs(all, one);
  for (const { event, text } of list) {
    const out = fs.openSync(log, 'w');
    const env = {
      ...process.env,
      ...headers(),
      ...variables,
      PATH: `${bin}:${path.join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      INIT_CWD: root,
      PROJECT_CWD: root,
      npm_lifecycle_event: event,
      npm_package_name: one.name,
      npm_package_version: one.version,
      npm_package_json: path.join(one.folder, 'package.json'),
      npm_node_execpath: process.execPath,
      npm_config_user_agent: `yarn/${version} npm/? node/${process.version} linux ${target}`,
    };
    const { status } = run('sh', ['-c', text], { cwd: one.folder, env, stdio: ['ignore', out, out] });
    fs.closeSync(out);
    if (status !== 0) return { event, text, output: fs.readFileSync(log, 'utf8').split('\n').slice(-40).join('\n') };
  }
  return undefined;
}

function install(all, one, required) {
  const { gyp, list } = scripts(one);
  const skipped = gyp && brings(all, one, '.node') ? ['preinstall', 'install'] : [];
  const left = list.filter(({ event }) => !skipped.includes(event));
  const brought = brings(all, one, '');
  const what = `${one.name} ${one.version}`.trim();
  const wayOut = 'build this platform on a builder with a node of it';
  if (skipped.length > 0) say(`${what} brings its module for ${target}`);
  if (left.length === 0) return;
  if (!brought && one.files.some((file) => SOURCES.test(path.basename(file)))) installCompiler(one);
  const failed = runScripts(all, one, left, { ...disguise(), ...compilers() });
  const forThisMachine = () => !runScripts(all, one, left, {});
  if (!failed) {
    // Some scripts hide that they failed.
    if (gyp && !skipped.length && !hasModule(one) && forThisMachine() && hasModule(one)) {
      die(`${what} makes a module for ${process.arch}, and none for ${target} on this machine: ${wayOut}`);
    }
    return say(`${what}: ${left.map(({ event }) => event).join(', ')} for ${target}`);
  }
  if (brought) return say(`${what} brings its program for ${target}, which its ${failed.event} cannot try here`);
  console.error(failed.output);
  if (!required.has(one) && !forThisMachine()) {
    fs.rmSync(one.folder, { recursive: true });
    return say(`${what} is optional, and its ${failed.event} fails for ${process.arch}, too: left out`);
  }
  die(
    `${what}: \`${failed.text}\` (${failed.event}) failed for ${target} on this ${process.arch} machine, and the package ` +
      `brings no program for ${target}: ${wayOut}`,
  );
}

function hasModule(one) {
  return own(one.folder).some((file) => file.endsWith('.node') && program(file));
}

// --- the end ---

// Refuses programs that the target cannot run: what scripts left behind, and what came without one for the target.
function verify(before) {
  const all = packages(root);
  if (all.size === 0) die(`\`${command.join(' ')}\` left nothing in ${path.join(root, 'node_modules')}`);
  for (const { name, version, programs } of all.values()) {
    const foreign = programs.filter(({ elf }) => elf !== machine.elf);
    const made = ({ file, is }) => /\/build\/(Release|Debug)\//.test(file) || (before && before.get(file) !== is);
    const wrong = foreign.find(made) ?? (foreign.length === programs.length ? foreign[0] : undefined);
    if (wrong) {
      const file = path.relative(root, wrong.file);
      die(`${file} of ${name} ${version} was compiled for another architecture than ${target}`);
    }
  }
}

if (!machine || command.length === 0) die('usage: node modules.cjs x64|arm64 COMMAND...');
const native = target === process.arch;
const version = yarn('--version');
const classic = version.startsWith('1.');
const mayRun = upstreamsChoice(classic);
const apart = !native && mayRun !== undefined;
if (mayRun) {
  // What is there was installed for this machine, and Yarn leaves alone what its notes say it has built.
  for (const state of ['node_modules', '.yarn/install-state.gz', '.yarn/build-state.yml']) {
    fs.rmSync(path.join(root, state), { recursive: true, force: true });
  }
}
const more = apart && classic ? ['--ignore-scripts'] : [];
const variables = { ...(native ? {} : disguise()), ...(apart ? { YARN_ENABLE_SCRIPTS: 'false' } : {}) };
const { status } = run('env', [...command, ...more], { env: { ...process.env, ...headers(), ...variables } });
if (status !== 0) process.exit(status ?? 1);
let before;
if (apart) {
  const all = packages(root);
  before = new Map([...all.values()].flatMap(({ programs }) => programs.map(({ file, is }) => [file, is])));
  const { order, required } = ordered(all);
  order.filter(mayRun).forEach((one) => install(all, one, required));
  if (classic) {
    const project = { folder: root, about: manifest(root), name: 'the project', version: '', files: [], programs: [] };
    required.add(project);
    install(all, project, required);
  }
}
verify(before);
fs.rmSync(scratch, { recursive: true });
