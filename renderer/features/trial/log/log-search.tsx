/** Search over the whole log, done by the engine: only the hits come over. */
import { TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../../api/client.ts';
import type { LogHit } from '../../../api/client.ts';
import { toApiError } from '../../../api/problem.ts';
import { IconButton } from '../../../ui/button.tsx';
import { formatCount } from '../../../ui/format.ts';

const PAUSE_MS = 250;

interface LogSearchProps {
  readonly trialId: number;
  readonly attempt: number;
  readonly onHit: (hit: LogHit) => void;
  readonly onClose: () => void;
}

interface Hits {
  readonly list: readonly LogHit[];
  readonly more: boolean;
  readonly at: number;
}

export function LogSearch({ trialId, attempt, onHit, onClose }: LogSearchProps) {
  const [query, setQuery] = useState('');
  const [hits, setHits] = useState<Hits | null>(null);
  const [error, setError] = useState<string | null>(null);
  const show = useRef(onHit);
  useEffect(() => {
    show.current = onHit;
  });

  useEffect(() => {
    setHits(null);
    setError(null);
    if (query === '') return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api
        .searchLog(trialId, attempt, query, abort.signal)
        .then((answer) => {
          // The last hit first: one looks for what happened lately.
          const at = answer.hits.length - 1;
          setHits({ list: answer.hits, more: answer.more, at });
          const hit = answer.hits[at];
          if (hit !== undefined) show.current(hit);
        })
        .catch((reason: unknown) => {
          if (!abort.signal.aborted) setError(toApiError(reason).message);
        });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query, trialId, attempt]);

  const step = (by: number): void => {
    if (hits === null || hits.list.length === 0) return;
    const at = (hits.at + by + hits.list.length) % hits.list.length;
    setHits({ ...hits, at });
    onHit(hits.list[at]!);
  };

  const count =
    hits === null
      ? ''
      : hits.list.length === 0
        ? 'no line has it'
        : `${hits.at + 1} of ${formatCount(hits.list.length)}${hits.more ? '+' : ''}`;
  return (
    <div className="log-search" role="search">
      <TextInput
        size="xs"
        aria-label="Search text"
        placeholder="Search the whole log"
        value={query}
        autoFocus
        onChange={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? 1 : -1);
          if (event.key === 'Escape') {
            event.stopPropagation();
            onClose();
          }
        }}
      />
      <span className="dim" role="status">
        {error ?? count}
      </span>
      <IconButton label="Earlier hit" onClick={() => step(-1)}>
        <IconChevronUp size={14} aria-hidden="true" />
      </IconButton>
      <IconButton label="Later hit" onClick={() => step(1)}>
        <IconChevronDown size={14} aria-hidden="true" />
      </IconButton>
      <IconButton label="Close the search" onClick={onClose}>
        <IconX size={14} aria-hidden="true" />
      </IconButton>
    </div>
  );
}
