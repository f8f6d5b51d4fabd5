/**
 * Packages of the desktop app: `npm run package:desktop` after `npm run build`. AppImage and deb are made on Linux; Windows
 * and macOS are prepared and need their own machines and signing identities.
 *
 * SWITCHYARD_TEST_BUILD=1 leaves the inspector's fuse on: Playwright cannot launch a binary without it. Never ship such a build.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Configuration } from 'electron-builder';
import packageJson from '../../package.json' with { type: 'json' };

const isTestBuild = process.env['SWITCHYARD_TEST_BUILD'] === '1';

const configuration: Configuration = {
  appId: 'org.switchyard.desktop',
  productName: 'Switchyard',
  directories: { output: 'dist', buildResources: 'resources/icons' },
  artifactName: `\${productName}-\${version}-\${os}-\${arch}${isTestBuild ? '-test' : ''}.\${ext}`,
  files: [
    'out/{main,preload,renderer}/**',
    'package.json',
    '!out/**/*.map',
    // Sources of the database, 20 MB that are compiled into prebuilds/ already; of those, this platform's.
    '!node_modules/better-sqlite3/{deps,src}/**',
    '!node_modules/better-sqlite3/prebuilds/!(${platform}-${arch}).node',
    // The Node that runs the headless engine; Electron brings its own.
    '!node_modules/{node,node-bin-*}/**',
    // Optional helpers of ssh2, compiled for the Node of the machine that built them; Electron cannot load those, and ssh2 does without.
    '!node_modules/{cpu-features,nan,node-addon-api}/**',
    '!node_modules/ssh2/{install.js,util/**,lib/protocol/crypto/build/**}',
    // Sources of the schemas' library, 3 MB that nobody loads.
    '!node_modules/zod/src/**',
    // Of the cloud's libraries, Node loads one of three forms.
    '!node_modules/**/{@aws-sdk,@smithy}/*/{dist-es,dist-types}/**',
    // What compilers and people read.
    '!node_modules/**/*.{ts,mts,cts,map,md}',
  ],
  // Trials read the helper and the examples as files, so they lie beside the archive: those of the npm package, and icons.
  extraResources: [
    ...packageJson.files
      .filter((file) => file.startsWith('resources/'))
      .map((file) => ({ from: file, to: file, filter: ['**/*', '!**/__pycache__/**'] })),
    // The command line, as the npm package lays it out, with a Node of its own: Electron's fuses keep it from being one. Node is this
    // machine's, so a package is made on the kind of machine that it is for.
    { from: 'out/cli', to: 'cli/out/cli', filter: ['**/*', '!inputs.json'] },
    { from: 'electron/switchyard.cjs', to: 'cli/electron/switchyard.cjs' },
    { from: 'node_modules/node/bin', to: 'cli/bin', filter: ['node', 'node.exe'] },
    { from: 'resources/packaging/linux/switchyard', to: 'cli/switchyard' },
    // What the menu's Help shows.
    { from: 'README.md', to: 'README.md' },
    { from: 'resources/icons', to: 'resources/icons', filter: ['**/*', '!render.mjs', '!*.svg'] },
  ],
  // It asks this for its version. Among the extra resources, the file would be missing in the archive.
  afterPack: ({ appOutDir, packager }) => {
    const { name, version, type } = packageJson;
    const file = path.join(packager.getResourcesDir(appOutDir), 'cli', 'package.json');
    fs.writeFileSync(file, JSON.stringify({ name, version, type }));
  },
  // The user interface speaks English; the rest are words of Chromium's that nobody sees.
  electronLanguages: ['en-US'],
  asar: true,
  // A library in an archive cannot be loaded by the system.
  asarUnpack: ['node_modules/better-sqlite3/prebuilds/*.node'],
  // The prebuilt libraries speak N-API and fit every Electron.
  npmRebuild: false,
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: isTestBuild,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
    // The desktop keeps no cookies: its window needs no session.
    enableCookieEncryption: false,
  },
  linux: {
    target: ['AppImage', 'deb'],
    // `switchyard` is the command line.
    executableName: 'switchyard-desktop',
    // Desktops match windows and entries by these names; desktopName stands in package.json.
    syncDesktopName: true,
    category: 'Science',
    icon: 'resources/icons/app',
    synopsis: 'A queue for the GPUs under your desk',
    maintainer: 'Switchyard <switchyard@localhost>',
  },
  // Debian's metadata asks for a home page; put the project's here once it has one.
  extraMetadata: { homepage: 'https://switchyard.invalid/' },
  // The runtime that needs no libfuse2 on the machine; current systems lack it.
  toolsets: { appimage: '1.0.3' },
  deb: {
    packageCategory: 'science',
    fpm: [`${path.join(import.meta.dirname, 'linux', 'switchyard-in-opt')}=/usr/bin/switchyard`],
  },
  win: { target: ['nsis'], icon: 'resources/icons/app/256x256.png' },
  mac: { target: ['dmg'], icon: 'resources/icons/app/512x512.png', category: 'public.app-category.developer-tools' },
  // Uploads nothing. With it, latest-linux.yml (versions and checksums) is made beside the packages, and a Debian package says that it is one:
  // the folder of packages is a place to look for updates in. Which place that is, the user says in Settings; this address is never asked.
  publish: { provider: 'generic', url: 'https://switchyard.invalid/' },
};

// electron-builder asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default configuration;
