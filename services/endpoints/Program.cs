using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.Endpoints.Keys;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.Endpoints.Messaging;
using Hypervize.Endpoints.Secrets;
using Hypervize.Endpoints.Sizing;
using Hypervize.Endpoints.Watching;
using Hypervize.EventSourcing;
using Hypervize.Hosting;
using MassTransit;

const string Name = "endpoints";
var machine = await LocalMachine.FindAsync(CancellationToken.None);
return await Service.RunAsync(Name, args, (builder, settings) =>
{
    var peers = settings.Read<PeerSettings>("Peers");
    settings.Read<BootstrapSettings>("Bootstrap");
    settings.Read<ProxySettings>("Proxy");
    builder.AddIdentity(settings, Name);

    var log = builder.AddEventLog(settings, Name)
        .Stream("endpoint", EndpointLife.Fold)
        .Stream("account", AccountLife.Fold)
        .Configure(store => store.Schema.For<Snapshot<EndpointState>>().Index(s => s.State.AccountId).Index(s => s.State.CreatedAt))
        .Configure(store => store.Schema.For<StoredQuote>().DocumentAlias("quote").Index(q => q.ExpiresAt))
        .Forward(Publications.All);
    builder.Services.AddSecrets(settings.Read<SecretsSettings>("Secrets"), log);

    builder.AddBus(settings, x =>
    {
        x.AddConsumer<CapacityFacts>();
        x.AddConsumer<AutoscalerCommands>();
    }, (context, rabbit) =>
    {
        CapacityFacts.Declare(context, rabbit);
        AutoscalerCommands.Declare(context, rabbit);
    });

    builder.Services.AddMediator(o => o.ServiceLifetime = ServiceLifetime.Singleton);
    builder.Services.AddRequestPipeline();
    builder.Services.AddSizing(settings, machine);
    builder.Services.AddSingleton<EndpointResources>().AddSingleton<Sender>().AddWatching().AddApiDocument();

    builder.Services.AddServiceClient(CapacityFacts.ClientName, peers.Provisioner!);
    builder.Services.AddSingleton(CapacityFacts.Feed);
    builder.Services.AddFeedCatchUp<CapacityChanged>(CapacityFacts.ClientName, CapacityFacts.VersionsPath);
    builder.Services.AddHostedService<Bootstrap>();
}, app =>
{
    app.MapEndpoints();
    app.MapKeys();
    app.MapHardware();
    app.MapQuotes();
    app.MapInternal();
    app.MapErrorQueues(Name);
    app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
});
