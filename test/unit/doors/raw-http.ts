/** HTTP as it goes over the wire, for what a well-behaved client would never send. */
import http from 'node:http';
import net from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One request with exactly these headers. */
export function send(
  target: http.RequestOptions,
  headers: http.OutgoingHttpHeaders = {},
  body?: string | readonly string[],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent: false, ...target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    if (typeof body === 'string') request.end(body);
    else {
      // Several writes without a length: chunked.
      for (const chunk of body ?? []) request.write(chunk);
      request.end();
    }
  });
}

/** Bytes as they are. @returns everything the server said before it closed */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    let said = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      said += chunk;
    });
    socket.on('close', () => resolve(said));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('the server neither answered nor closed')));
  });
}
