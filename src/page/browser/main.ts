import { connect } from './connection.ts';
import { wireGraphs } from './graphs.ts';
import { keysAllowed, wireKeys } from './keys.ts';
import { wireOrders } from './orders.ts';
import { showUpdate } from './show-update.ts';

wireKeys();
wireOrders(keysAllowed);
connect(showUpdate);
wireGraphs();
