/*
 * The demo page's chooser: lists the assistants of /demo/chatbots.json, embeds the widget of the chosen one with the
 * very tag a customer would use, and keeps the choice in the address (?chatbot=…).
 */
const chooser = document.getElementById('chooser');
const chosen = document.getElementById('chosen');
const address = new URL(location.href);

/** Fixed by the tag of the first widget; another one starts on a fresh page. */
function choose(id) {
  address.searchParams.set('chatbot', id);
  address.hash = 'assistants';
  location.assign(address);
  if (location.search === address.search) location.reload();
}

function embed(chatbot) {
  const script = document.createElement('script');
  script.src = '/widget.js';
  script.dataset.chatbotId = chatbot.id;
  script.dataset.companyId = chatbot.companyId;
  if (address.searchParams.get('debug') === '1') script.dataset.debug = '1';
  document.body.append(script);
  chosen.textContent = `${chatbot.name} is ready. Use the call button in the corner.`;
}

function card(chatbot, checked) {
  const label = document.createElement('label');
  label.className = 'card';
  const input = document.createElement('input');
  input.type = 'radio';
  input.name = 'chatbot';
  input.value = chatbot.id;
  input.checked = checked;
  const name = document.createElement('strong');
  name.textContent = chatbot.name;
  const description = document.createElement('span');
  description.textContent = chatbot.description;
  label.append(input, name, description);
  // A click chooses at once; with the keyboard, arrows look around and Enter or Space chooses.
  label.addEventListener('click', (event) => {
    if (event.detail > 0 && event.target === input) choose(chatbot.id);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(chatbot.id);
    }
  });
  return label;
}

async function start() {
  const response = await fetch('/demo/chatbots.json');
  if (!response.ok) throw new Error(`/demo/chatbots.json answered ${response.status}`);
  const chatbots = await response.json();
  const wished = address.searchParams.get('chatbot');
  const current = chatbots.find((chatbot) => chatbot.id === wished) ?? chatbots[0];
  chooser.append(...chatbots.map((chatbot) => card(chatbot, chatbot === current)));
  if (current) embed(current);
}

start().catch((error) => {
  console.error(error);
  chosen.textContent = 'The assistants are not available right now.';
});
