using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Spending;

namespace Hypervize.Proxy.Routing;

/// <summary>Starts the routing table from the file of an earlier run, and writes what changes, at most once a second.</summary>
/// <param name="table">The table.</param>
/// <param name="spending">Kept along: a cap that was reached holds while billing is away.</param>
/// <param name="contact">How long ago the last contact was is kept along, for it bounds how long keys are believed.</param>
/// <param name="file">The file.</param>
/// <param name="time">Time.</param>
/// <param name="log">Log.</param>
public sealed class ReadModelKeeper(RoutingTable table, SpendTable spending, Contact contact, ReadModelFile file, TimeProvider time, ILogger<ReadModelKeeper> log) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ContactKept = TimeSpan.FromSeconds(60);

    // Writing a large model takes at most a twentieth of a core, however often it changes.
    private const int Rest = 20;

    private SavedReadModel? _saved;
    private ReadModel _model = ReadModel.Empty;
    private string? _failure;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (file.Load() is { } saved)
        {
            (_saved, _model) = (saved, saved.ToModel());
            contact.Heard(saved.ContactAt);
            table.Load(_model);
            spending.Apply(saved.Spending ?? [], saved.SpendingPosition);
            log.LogInformation(
                "Serving {Endpoints} endpoints as of {ContactAt:O} until there is news.", _model.Endpoints.Count, saved.ContactAt);
        }
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Pace;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var start = time.GetTimestamp();
            SaveWhatChanged();
            var took = time.GetElapsedTime(start) * Rest;
            pause = took > Pace ? took : Pace;
        }
    }

    private void SaveWhatChanged()
    {
        var (model, at) = (table.Model, contact.Last);
        if (!table.IsPresent || (ReferenceEquals(model, _model) && at - (_saved?.ContactAt ?? default) < ContactKept)) return;
        try
        {
            var spent = spending.Position; // Read before the accounts, so that they are no older.
            var saved = new SavedReadModel(time.GetUtcNow(), at, model.Position, [.. model.Endpoints.Values], [.. model.Accounts.Values], spending.Accounts, spent);
            file.Save(saved);
            (_saved, _model, _failure) = (saved, model, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_failure != e.Message) log.LogWarning("The read model can't be kept; a restart while all else is down would serve nothing: {Reason}", e.Message);
            _failure = e.Message;
        }
    }
}
