/** Who the load generator says it is: neither superuser nor of the supergroup. */
export const LOAD_USER = 'bench';
