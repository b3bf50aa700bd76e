import { SaxesParser } from 'saxes';
import { RemoteAnswerError } from './remote-facts.ts';

/** The grantee whose READ makes an object public (S3 user guide, "Predefined groups"). */
const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers';

/**
 * Whether an object's ACL lets everybody read it (S3 API reference, "GetObjectAcl").
 * @throws RemoteAnswerError NO_ACL where it is no ACL.
 */
export function showsEverybody(xml: string): boolean {
  const parser = new SaxesParser();
  const open: string[] = [];
  let text = '';
  let grantee = '';
  let shown = false;
  parser.on('opentag', ({ name }) => {
    if (open.length === 0 && name !== 'AccessControlPolicy') throw noAcl();
    open.push(name);
    text = '';
    if (name === 'Grant') grantee = '';
  });
  parser.on('text', (more) => {
    text += more;
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'URI') grantee = text.trim();
    // S3 writes the grantee first.
    if (name === 'Permission' && grantee === allUsers) shown ||= ['READ', 'FULL_CONTROL'].includes(text.trim());
    open.pop();
  });
  parser.on('error', () => {
    throw noAcl();
  });
  parser.write(xml).close();
  return shown;
}

function noAcl(): RemoteAnswerError {
  return new RemoteAnswerError('NO_ACL', 'the server sent something else than an ACL');
}
