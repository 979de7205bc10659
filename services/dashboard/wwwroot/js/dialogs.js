// The browser's own dialogs: they keep the keyboard inside, close with Escape, and give the focus back.

export const open = dialog => { if (!dialog.open) dialog.showModal(); };

export const close = dialog => dialog.close();
