// The variable $reckoner_hash of reckoner.conf.template. For each request NGINX makes a new virtual machine,
// which runs this file: it does little.

import crypto from 'crypto';

// Of the raw bytes: as text, all that is not UTF-8 would become the same character.
function hash(request) {
    return crypto.createHash('sha256').update(request.rawVariables.reckoner_sent).digest('hex');
}

export default { hash };
