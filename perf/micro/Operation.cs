namespace Mesh.Micro;

/// <summary>One small piece of the work that a request causes.</summary>
/// <param name="Run">Does it once.</param>
/// <param name="BudgetBytes">What it may allocate each time, once everything it needs has been made.</param>
internal sealed record Operation(string Name, Action Run, int BudgetBytes = 0);
