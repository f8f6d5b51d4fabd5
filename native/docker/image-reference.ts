/** Docker image references, checked strictly before they reach an engine. Pure. Grammar: distribution/reference of the CNCF registry project. */

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN =
  '(?:localhost|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::[0-9]{1,5})?';
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,128}';
const REFERENCE = new RegExp(`^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;
/** As `docker images` shows it, or shorter. */
const SHORT_ID = /^[0-9a-f]{4,63}$/;
const MAX_NAME = 255;

export interface ImageReference {
  /** As it was given. */
  readonly text: string;
  /** As the engine's API takes it, always with a tag, a digest or as an id: without one a pull would fetch every tag. */
  readonly name: string;
  /** Host of the registry whose credentials apply; Docker Hub is index.docker.io. */
  readonly registry: string;
  /** An id names an image that is here; it cannot be pulled. */
  readonly isId: boolean;
  /** It may be the beginning of an id as well as a name: the engine knows. */
  readonly maybeId: boolean;
}

/** @returns null when the text is no image reference */
export function parseImageReference(text: string): ImageReference | null {
  if (IMAGE_ID.test(text)) return { text, name: text, registry: '', isId: true, maybeId: false };
  const match = text.length > 2 * MAX_NAME ? null : REFERENCE.exec(text);
  const repository = match?.[1];
  if (match === null || repository === undefined || repository.length > MAX_NAME) return null;
  const first = repository.includes('/') ? repository.slice(0, repository.indexOf('/')) : '';
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return {
    text,
    name: match[2] === undefined && match[3] === undefined ? `${text}:latest` : text,
    registry: isHost && first !== 'docker.io' ? first : 'index.docker.io',
    isId: false,
    maybeId: SHORT_ID.test(text),
  };
}
