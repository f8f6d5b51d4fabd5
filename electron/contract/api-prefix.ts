/** Where the API begins, apart from its routes: a client that starts fast has no use for their schemas. */
export const API_PREFIX = '/api/v1';
