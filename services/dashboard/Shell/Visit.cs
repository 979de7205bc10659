using Hypervize.Client;
using Hypervize.Dashboard.Sessions;

namespace Hypervize.Dashboard.Shell;

/// <summary>Whoever looks at a page: given to all components of it.</summary>
/// <param name="Session">Who they are.</param>
/// <param name="Api">The platform's API with their key.</param>
public sealed record Visit(Session Session, PlatformApi Api);
