using Hypervize.Autoscaler;
using Hypervize.Autoscaler.Api;
using Hypervize.Autoscaler.Evaluation;
using Hypervize.Autoscaler.History;
using Hypervize.Autoscaler.Messaging;
using Hypervize.Autoscaler.Metrics;
using Hypervize.Autoscaler.Recording;
using Hypervize.Catalog;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;

const string Name = "autoscaler";

return await Service.RunAsync(Name, args, (builder, settings) =>
{
    var autoscaler = settings.Read<AutoscalerSettings>("Autoscaler");
    var peers = settings.Read<PeerSettings>("Peers");
    builder.AddIdentity(settings, Name);

    builder.Services.AddSingleton<SteadyClock>().AddSingleton<EndpointTable>().AddSingleton<Evaluator>().AddSingleton<RecentTraffic>();
    if (autoscaler.Journal.Length > 0) builder.Services.AddSingleton(services => new Journal(autoscaler.Journal, autoscaler, services.GetRequiredService<ILogger<Journal>>()));
    builder.Services.AddRoutingSync<EndpointTable>(peers.Endpoints!);
    builder.AddBus(settings, _ => { }, (context, rabbit) => OwnQueue.Declare(rabbit, context), waitUntilStarted: false);
    builder.Services.AddHostedService<EvaluationLoop>();
    builder.AddHistory(settings);
    builder.Services.AddRecording();
    builder.Services.AddSingleton(HardwareCatalog.Load()).AddSingleton<Rehearsals>();
    builder.Services.AddAutoscalerHealth();
}, app =>
{
    app.MapScaling();
    app.MapMetrics();
    app.MapTraffic();
    app.MapSimulations();
    app.MapErrorQueues(Name);
    Telemetry.Observe(app.Services.GetRequiredService<Evaluator>(), app.Services.GetRequiredService<EndpointTable>(), app.Services.GetRequiredService<SteadyClock>());
});
