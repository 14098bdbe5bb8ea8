// The variable $reckoner_credential_hash of reckoner.conf.template.

import crypto from 'crypto';

// Of the raw bytes: as text, all that is not UTF-8 would become the same character. A header contains no
// line feed, so that no two pairs of headers give the same bytes.
function credential_hash(request) {
    const raw = request.rawVariables;
    return crypto.createHash('sha256')
        .update(raw.http_authorization || '').update('\n').update(raw.http_cookie || '')
        .digest('hex');
}

export default { credential_hash };
