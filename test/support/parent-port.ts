/** Loaded first into a Node process that plays a utility process of Electron: gives it the parentPort, over the channel of a fork. */
Object.defineProperty(process, 'parentPort', {
  value: {
    on: (_event: 'message', listener: (event: { readonly data: unknown }) => void) =>
      process.on('message', (data) => listener({ data })),
    postMessage: (message: object) => process.send?.(message),
  },
});
