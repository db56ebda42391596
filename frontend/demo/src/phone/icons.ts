/** Pictures of the phone; words stand beside them. */

const SHAPES = {
  twilio: 'M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.24 11.4 11.4 0 0 0 3.6.57 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.45.57 3.57a1 1 0 0 1-.25 1z',
  whatsapp: 'M12 2a10 10 0 0 0-8.6 15L2 22l5.1-1.3A10 10 0 1 0 12 2zm4.9 13.6c-.3.8-1.5 1.4-2.1 1.4-1 0-3.5-.8-5.5-2.9S6.5 10 6.5 9c0-.7.6-1.7 1.2-1.9h.8c.2 0 .4.1.5.4l.8 1.9c.1.2 0 .4-.1.5l-.6.8c.8 1.5 2 2.5 3.5 3.2l.8-1c.1-.2.3-.2.5-.1l1.9.9c.2.1.4.3.3.6z',
  mute: 'M12 14a3 3 0 0 0 3-3V5a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.9V21h2v-3.1A7 7 0 0 0 19 11z',
  keypad: 'M5 4h3v3H5zm5.5 0h3v3h-3zM16 4h3v3h-3zM5 9.5h3v3H5zm5.5 0h3v3h-3zm5.5 0h3v3h-3zM5 15h3v3H5zm5.5 0h3v3h-3zm5.5 0h3v3h-3zm-5.5 5h3v2h-3z',
} as const;

export type Picture = keyof typeof SHAPES;

export function icon(picture: Picture): SVGSVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('viewBox', '0 0 24 24');
  made.setAttribute('aria-hidden', 'true');
  made.classList.add('icon');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', SHAPES[picture]);
  made.append(path);
  return made;
}
