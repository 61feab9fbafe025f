// The smallest shop in which a key has something to do: account store, profile Reader, GET /me.
export async function shop(daemon) {
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/services', { name: 'shop', basePath: '' });
  await daemon.api('POST', '/v1/resources', { product: 'Orders', key: 'ViewOrder', category: 'Orders', name: 'View' });
  await daemon.api('POST', '/v1/routes', { service: 'shop', method: 'GET', path: '/me', authenticated: true });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
}
