/** The lines in sight. Fixed height, so that a hundred thousand of them cost nothing to lay out. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef } from 'react';
import type { LogHit } from '../../../api/client.ts';
import { formatBytes, formatCount } from '../../../ui/format.ts';
import { renderLine } from './render-line.ts';
import type { LogSession, LogView } from './log-session.ts';

const LINE_PX = 18;
const OVERSCAN = 12;
const NEAR_TOP_PX = 400;
/** More rows than any screen shows. */
const RING_ROWS = 512;
const AT_END_PX = LINE_PX;

interface LogLinesProps {
  readonly session: LogSession;
  readonly view: LogView;
  readonly following: boolean;
  readonly onFollowing: (following: boolean) => void;
  readonly hit: LogHit | null;
}

export function LogLines({ session, view, following, onFollowing, hit }: LogLinesProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { buffer } = view;
  const drawn = useRef({ buffer, firstLine: buffer.firstLine });
  const virtualizer = useVirtualizer({
    count: buffer.lineCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: OVERSCAN,
  });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (following) element.scrollTop = element.scrollHeight;
    // Lines came or went above: what is being read stays where it is.
    else if (drawn.current.buffer === buffer) element.scrollTop += (drawn.current.firstLine - buffer.firstLine) * LINE_PX;
    drawn.current = { buffer, firstLine: buffer.firstLine };
  }, [view.version, following, buffer]);

  const hitIndex = hit === null ? null : buffer.indexAtOffset(hit.offset);
  useEffect(() => {
    if (hit === null) return;
    const index = buffer.indexAtOffset(hit.offset);
    const element = scroller.current;
    if (index !== null && element !== null) element.scrollTop = Math.max(0, index * LINE_PX - element.clientHeight / 3);
  }, [hit, buffer]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight;
    const atEnd = fromEnd <= AT_END_PX && view.state !== 'detached';
    if (atEnd !== following) onFollowing(atEnd);
    if (view.state === 'detached' && fromEnd < NEAR_TOP_PX) void session.loadNewer();
    if (element.scrollTop < NEAR_TOP_PX && buffer.startOffset > 0 && !atEnd) {
      void session.loadOlder();
    }
  };

  const items = virtualizer.getVirtualItems();
  return (
    <div ref={scroller} className="log-scroll mono" role="log" aria-live="off" aria-label="Log" tabIndex={0} onScroll={onScroll}>
      {buffer.droppedAtHead > 0 && following && <div className="log-dropped">{formatCount(buffer.droppedAtHead)} lines dropped from this view; scroll up to read them again</div>}
      {buffer.lineCount === 0 && view.state !== 'opening' && <div className="dim log-empty">The log is empty so far.</div>}
      <div className="log-lines" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => (
          <LogLine
            key={ringKey(buffer.firstLine + item.index)}
            bytes={buffer.line(item.index)}
            topPx={item.start}
            marked={item.index === hitIndex}
          />
        ))}
      </div>
    </div>
  );
}

/** Rows are used again: a flood of lines changes text and makes no elements. Line numbers before the opened part are negative. */
const ringKey = (line: number): number => ((line % RING_ROWS) + RING_ROWS) % RING_ROWS;

interface LogLineProps {
  readonly bytes: Uint8Array | number;
  readonly topPx: number;
  readonly marked: boolean;
}

const LogLine = memo(function LogLine({ bytes, topPx, marked }: LogLineProps) {
  const style = { transform: `translateY(${topPx}px)` };
  if (typeof bytes === 'number') return <div className="log-line log-note" style={style}>{formatBytes(bytes)} dropped here: the log reached its size limit</div>;
  return (
    <div className={marked ? 'log-line log-marked' : 'log-line'} style={style}>
      {renderLine(bytes).map((piece, index) => (
        piece.className === '' && piece.color === null && piece.background === null
          ? piece.text
          : <span key={index} className={piece.className} style={{ color: piece.color ?? undefined, backgroundColor: piece.background ?? undefined }}>{piece.text}</span>
      ))}
    </div>
  );
}, (before, after) => before.topPx === after.topPx && before.marked === after.marked && sameBytes(before.bytes, after.bytes));

function sameBytes(a: Uint8Array | number, b: Uint8Array | number): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}
