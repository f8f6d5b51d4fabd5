/**
 * Packages of the desktop app: `npm run package:desktop` after `npm run build`. AppImage and deb are made on Linux; Windows
 * and macOS are prepared and need their own machines and signing identities.
 *
 * SWITCHYARD_TEST_BUILD=1 leaves the inspector's fuse on: Playwright cannot launch a binary without it. Never ship such a build.
 */
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
    // Sources of the database, 20 MB that are compiled into prebuilds/ already.
    '!node_modules/better-sqlite3/{deps,src}/**',
    // The Node that runs the headless engine; Electron brings its own.
    '!node_modules/{node,node-bin-*}/**',
    // Optional helpers of ssh2, compiled for the Node of the machine that built them; Electron cannot load those, and ssh2 does without.
    '!node_modules/cpu-features/**',
    '!node_modules/ssh2/{install.js,util/**,lib/protocol/crypto/build/**}',
    '!node_modules/**/*.{d.ts,d.mts,d.cts,map,md}',
  ],
  // Trials read the helper and the examples as files, so they lie beside the archive: those of the npm package, and icons.
  extraResources: [
    ...packageJson.files
      .filter((file) => file.startsWith('resources/'))
      .map((file) => ({ from: file, to: file, filter: ['**/*', '!**/__pycache__/**'] })),
    { from: 'resources/icons', to: 'resources/icons', filter: ['**/*', '!render.mjs', '!*.svg'] },
  ],
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
    category: 'Science',
    icon: 'resources/icons/app',
    synopsis: 'A queue for the GPUs under your desk',
    maintainer: 'Switchyard <switchyard@localhost>',
  },
  // Debian's metadata asks for a home page; put the project's here once it has one.
  extraMetadata: { homepage: 'https://switchyard.invalid/' },
  // The runtime that needs no libfuse2 on the machine; current systems lack it.
  toolsets: { appimage: '1.0.3' },
  deb: { packageCategory: 'science' },
  win: { target: ['nsis'], icon: 'resources/icons/app/256x256.png' },
  mac: { target: ['dmg'], icon: 'resources/icons/app/512x512.png', category: 'public.app-category.developer-tools' },
  publish: null,
};

// electron-builder asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default configuration;
