using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Draining;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.FrontDoor;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Metering;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Spending;
using Hypervize.Proxy.Waking;

InlineScheduling.Choose();

return await Service.RunAsync("proxy", args, (builder, settings) =>
{
    var proxy = settings.Read<ProxySettings>("Proxy");
    var peers = settings.Read<PeerSettings>("Peers");
    builder.AddOwnIdentity(settings, "proxy");
    builder.AddInternalListener(proxy);
    builder.AddInlineScheduling();
    // It would make an activity for every request, although nothing records it.
    builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    builder.Services.AddSingleton(ProxyInstance.New());

    // The read model, from its file at once; then kept true by messages and snapshots.
    builder.Services.AddSingleton<KeyRing>().AddSingleton<RoutingTable>().AddSingleton<KeyCheck>();
    builder.Services.AddSingleton<SpendTable>();
    builder.Services.AddLimits();
    builder.Services.AddSingleton<ReadModelFile>().AddHostedService<ReadModelKeeper>();
    builder.Services.AddRoutingSync<RoutingTable>(peers.Endpoints!);
    builder.Services.AddSpending(peers.Billing!);
    builder.Services.AddRoutingHealth();
    builder.AddBus(settings, _ => { }, (context, rabbit) => rabbit.RoutingChanges(context), waitUntilStarted: false);

    // After the bus, so that on the way down the last report is published before the bus stops.
    builder.Services.AddSingleton<TrafficMeter>().AddSingleton<ReportSequence>().AddHostedService<TrafficReporter>();

    settings.Read<WakingSettings>("Waking");
    settings.Read<BodySettings>("Bodies");
    settings.Read<AnswerSettings>("Answers");
    settings.Read<LimitSettings>("Limits");
    settings.Read<DrainSettings>("Drain");
    builder.Services.AddInference();
    builder.Services.AddDeparture();
    builder.Services.AddSingleton<IdentityCache>().AddSingleton<OpenRequests>().AddSingleton<FrontDoor>().AddServiceRoutes(peers);
}, app =>
{
    app.MapInternalListener();
    app.MapFrontDoor();
});
