using System.Text.Json.Nodes;

namespace Hypervize.Billing.Tests;

/// <summary>
/// Stored events are wire format. Each file in <c>Stored/</c> is an event as some version of the service stored it, under its stored
/// name: files are added, never changed, and all of them keep loading.
/// </summary>
public sealed class StoredEvents
{
    [Fact]
    public void Every_stored_name_of_spending_has_a_sample() => Assert.Equal([], StoredForm.Names.Select(n => n.Name).Except(Files.Select(NameOf)));

    [Theory, MemberData(nameof(Samples))]
    public void An_old_event_loads_with_all_it_said(string sample)
    {
        var stored = File.ReadAllText(sample);
        var again = StoredForm.Write(StoredForm.Read(StoredForm.Names.Single(n => n.Name == NameOf(sample)).Type, stored));
        foreach (var (name, value) in JsonNode.Parse(stored)!.AsObject()) Assert.Equal((name, value?.ToJsonString()), (name, JsonNode.Parse(again)![name]?.ToJsonString()));
    }

    public static TheoryData<string> Samples() => [.. Files];

    private static IEnumerable<string> Files => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Stored"), "*.json").Order();

    private static string NameOf(string sample) => Path.GetFileName(sample).Split('.')[0];
}
