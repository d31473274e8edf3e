// A server for development without a server: realistic answers, some of them hostile.
//
// `npm run dev` has 10,000 hosts; MOCK_HOSTS=3 has three. Log in with any name and the password
// `mock`, or with the link /login#link=mock; the name is the role (viewer, operator, else admin).

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';

import { Mock } from './routes';

export function mockApi(): Plugin {
  const mock = new Mock(Number(process.env['MOCK_HOSTS'] ?? 10_000));
  const serve = (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.url?.startsWith('/api/v1/') !== true) return next();
    void mock.answer(request, response);
  };
  return {
    name: 'mock-api',
    configureServer: (server) => {
      server.middlewares.use(serve);
    },
    // `vite preview` serves what is built, under the policy that the real server sends.
    configurePreviewServer: (server) => {
      server.middlewares.use((_, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      server.middlewares.use(serve);
    },
  };
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
