using Hypervize.Hosting;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;

return await Service.RunAsync("proxy", args, (builder, settings) =>
{
    builder.Services.AddSingleton<KeyRing>();
    builder.Services.AddSingleton<RoutingTable>();
    builder.Services.AddSingleton<TrafficMeter>();
}, app => { });
