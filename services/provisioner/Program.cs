using Hypervize.Hosting;
using Hypervize.Provisioner;
using Hypervize.Provisioner.Api;
using Hypervize.Provisioner.Capacity;
using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Logs;
using Hypervize.Provisioner.Messaging;
using Hypervize.Provisioner.Reconciling;
using Hypervize.Provisioner.Telemetry;
using Hypervize.Provisioner.Weights;

const string Name = "provisioner";

return await Service.RunAsync(Name, args, (builder, settings) =>
{
    var peers = settings.Read<PeerSettings>("Peers");
    settings.Read<CapacitySettings>("Capacity");
    var local = settings.Read<LocalSettings>("Local");
    builder.AddIdentity(settings, Name);
    builder.Services.AddServiceClient(EndpointsLook.ClientName, peers.Endpoints!);

    // What runs on this machine. First, since nodes are observed while database and broker are still waited for.
    builder.Services.AddSingleton<Launch>().AddSingleton<Ports>().AddSingleton<NodeProbe>().AddSingleton<DueEndpoints>();
    builder.Services.AddSingleton<LocalNodes>().AddHostedService(p => p.GetRequiredService<LocalNodes>());

    builder.Services.AddWeights(settings, local);

    // What is asked and what was done about it: one stream per endpoint.
    builder.AddEventLog(settings, Name).Stream("capacity", CapacityState.Fold).Configure(CapacityLog.Index)
        .Forward(publish => publish.Publish<Hypervize.Contracts.CapacityEvent>(CapacityLog.Message));
    builder.AddBus(settings, x => x.AddConsumer<EndpointChanges>(), (context, rabbit) =>
    {
        EndpointChanges.Declare(context, rabbit);
        ProxyReports.Declare(rabbit, context);
    }, waitUntilStarted: false); // Nodes are looked after without a broker too; what it would have told is looked up.
    builder.Services.AddSingleton<CapacityLog>().AddSingleton<EndpointAsks>().AddSingleton<EndpointsLook>().AddSingleton<ProxyReports>();

    // Keeps the two alike, on one replica at a time.
    builder.Services.AddSingleton<CapacityUpkeep>().AddSingleton<Reconciler>().AddHostedService(p => p.GetRequiredService<Reconciler>());
    builder.Services.AddHostedService<NodeReporter>();
    builder.Services.AddSingleton<LogStream>();
    builder.Services.AddHealthChecks().AddCheck<LeaderHealth>("leader");
}, app =>
{
    app.MapCapacity();
    app.MapLogs();
    app.MapErrorQueues(Name);
});
