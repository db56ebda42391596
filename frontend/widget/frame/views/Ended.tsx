/** After the call: how long, why, how it was, and what to take along. */

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { WidgetConfig } from '../../config.ts';
import type { Texts } from '../../locales/en.ts';
import { ApiError } from '../api.ts';
import type { CallController } from '../controller.ts';
import type { CallState } from '../state.ts';
import { clock, fill, reasonText } from '../wording.ts';
import { Icon, StarIcon } from './icons.tsx';

interface EndedProps {
  config: WidgetConfig;
  texts: Texts;
  state: CallState;
  controller: CallController;
  onChat(): void;
  onAgain(): void;
  onClose: (() => void) | null;
}

const STARS = [1, 2, 3, 4, 5] as const;
const COMMENT_LENGTH = 1_000;

function Stars({ texts, value, onChange }: { texts: Texts; value: number; onChange(stars: number): void }): JSX.Element {
  return (
    <div class="stars">
      {STARS.map((star) => (
        <label key={star} class={star <= value ? 'lit' : ''}>
          <input
            type="radio"
            name="stars"
            value={star}
            checked={star === value}
            aria-label={star === 1 ? texts.star : fill(texts.stars, { count: star })}
            onChange={() => onChange(star)}
          />
          <StarIcon filled={star <= value} />
        </label>
      ))}
    </div>
  );
}

function Feedback({ texts, state, controller }: Pick<EndedProps, 'texts' | 'state' | 'controller'>): JSX.Element {
  const [stars, setStars] = useState(0);
  const [comment, setComment] = useState('');
  if (state.feedback === 'sent') {
    return (
      <p class="feedback-thanks" role="status">
        <Icon name="check" /> {texts.feedbackThanks}
      </p>
    );
  }
  const sending = state.feedback === 'sending';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (stars > 0 && !sending) void controller.rate({ stars, comment: comment.trim() });
  };
  return (
    <form class="feedback" onSubmit={submit}>
      <fieldset>
        <legend>{texts.feedbackQuestion}</legend>
        <Stars texts={texts} value={stars} onChange={setStars} />
      </fieldset>
      {stars > 0 && (
        <>
          <label class="field">
            <span>{texts.comment}</span>
            <textarea
              rows={2}
              maxLength={COMMENT_LENGTH}
              value={comment}
              onInput={(event) => setComment(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button primary" disabled={sending}>
            {sending ? texts.sending : texts.submit}
          </button>
        </>
      )}
      {state.feedback === 'failed' && <p role="alert">{texts.feedbackFailed}</p>}
    </form>
  );
}

function Downloads({ config, texts, state, controller }: Omit<EndedProps, 'onChat' | 'onAgain' | 'onClose'>): JSX.Element {
  const [failed, setFailed] = useState(false);
  const transcript = async (): Promise<void> => {
    setFailed(false);
    try {
      await controller.downloadTranscript();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailed(true);
    }
  };
  const { features, recordingEnabled } = config;
  const pending = state.recording === 'pending';
  return (
    <div class="downloads">
      {features.transcriptDownload && (
        <button type="button" class="button" onClick={() => void transcript()}>
          <Icon name="download" /> {texts.downloadTranscript}
        </button>
      )}
      {features.recordingDownload && recordingEnabled && (
        <button type="button" class="button" disabled={pending} onClick={() => void controller.downloadRecording()}>
          <Icon name={pending ? 'dots' : 'download'} /> {pending ? texts.recordingPending : texts.downloadRecording}
        </button>
      )}
      <p role="status" class="download-status">
        {failed ? texts.downloadFailed : state.recording === 'failed' ? texts.recordingFailed : ''}
      </p>
    </div>
  );
}

export function Ended(props: EndedProps): JSX.Element {
  const { config, texts, state, onChat, onAgain, onClose } = props;
  const reason = reasonText(texts, state.result?.reason ?? '');
  return (
    <div class="message ended">
      <span class="badge">
        <Icon name="phone" size={28} />
      </span>
      <h2 tabIndex={-1} data-autofocus>
        {texts.callEnded}
      </h2>
      <p class="total">{fill(texts.totalTime, { time: clock(state.result?.durationS ?? 0) })}</p>
      {reason && <p class="reason">{reason}</p>}
      <p class="thanks">{config.branding.endCallMessage ?? texts.thanks}</p>
      {config.features.feedback && state.wasConnected && <Feedback {...props} />}
      {state.wasConnected && <Downloads {...props} />}
      <div class="actions">
        {config.enabledChat && (
          <button type="button" class="button" onClick={onChat}>
            <Icon name="chat" /> {texts.startChat}
          </button>
        )}
        {onClose ? (
          <button type="button" class="button" onClick={onClose}>
            {texts.close}
          </button>
        ) : (
          <button type="button" class="button" onClick={onAgain}>
            <Icon name="phone" /> {texts.callAgain}
          </button>
        )}
      </div>
    </div>
  );
}
