// Adds a passkey, or signs in with one: the form says where its options are, and takes what the
// authenticator has answered.

const form = document.querySelector("form[data-passkey]");
const wrong = form?.querySelector(".error");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// What went wrong, in words: an authenticator does not say more, so that no site learns who is there.
const words = {
	NotAllowedError: "The device has not answered, or you have ended it. Press the button to try again.",
	InvalidStateError: "This device has a passkey for you already.",
	NotSupportedError: "This device has no passkey that fits here.",
	SecurityError: "The browser uses no passkeys at this address.",
};

async function ask(options) {
	options.challenge = bytes(options.challenge);
	if (!options.user) {
		const made = await navigator.credentials.get({ publicKey: options });
		const r = made.response;
		return { id: made.rawId, client: r.clientDataJSON, data: r.authenticatorData, signature: r.signature, handle: r.userHandle ?? new ArrayBuffer(0) };
	}
	options.user.id = bytes(options.user.id);
	for (const known of options.excludeCredentials) known.id = bytes(known.id);
	const made = await navigator.credentials.create({ publicKey: options });
	return { client: made.response.clientDataJSON, attestation: made.response.attestationObject };
}

async function send() {
	const button = form.querySelector("button");
	button.disabled = true;
	wrong.hidden = true;
	try {
		const options = await fetch(form.dataset.passkey, { redirect: "error" });
		if (!options.ok) throw new Error("The service does not answer: load the page again.");
		for (const [name, value] of Object.entries(await ask(await options.json()))) {
			const field = form.elements[name] ?? form.appendChild(document.createElement("input"));
			field.type = "hidden";
			field.name = name;
			field.value = text(value);
		}
		form.submit();
	} catch (e) {
		wrong.textContent = words[e.name] ?? (e instanceof TypeError ? "The service does not answer: load the page again." : e.message);
		wrong.hidden = false;
		button.disabled = false;
	}
}

if (form && window.PublicKeyCredential) {
	form.hidden = false;
	document.querySelector("[data-no-passkey]").hidden = true;
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		send();
	});
}
